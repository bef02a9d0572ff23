import type { Cdr } from '../../../contracts/cdr.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { SearchQuery } from '../../../contracts/routes/cdrs.ts'
import type { SheetLocale } from '../../domain/exports/columns.ts'
import { type ListingDependencies, listCdrs } from '../cdrs/list-cdrs.ts'

export interface ExportDependencies extends ListingDependencies {
  numbering: SheetLocale
  /** Hides what the caller may not see. */
  show(cdr: Cdr): Cdr
}

/** Rows of a page in the first and second half of an answer: 500 long rows are 2 MB, too much for the second half. */
const [pageRows, carefulRows] = [500, 100]
/** No page is read after this, so that the answer arrives within API Gateway's 30 s. */
const exportMsMax = 20_000

/**
 * Reads rows of a search until there are `rows` of them, `bytes` bytes, no more rows, or no more time. `take` returns the bytes
 * that a row takes. Returns the number of rows and the cursor after them, undefined after the last one.
 */
export async function readExportRows(
  site: SiteId,
  search: SearchQuery,
  most: { rows: number; bytes: number },
  listing: ExportDependencies,
  take: (cdr: Cdr) => number,
): Promise<{ rows: number; cursor: string | undefined }> {
  const started = listing.now()
  let [rows, bytes] = [0, 0]
  let cursor = search.cursor
  const isFull = () => rows >= most.rows || bytes >= most.bytes || listing.now() - started >= exportMsMax
  // Each turn reads a page; ends with the rows, a full answer, or the time limit.
  do {
    const limit = Math.min(bytes < most.bytes / 2 ? pageRows : carefulRows, most.rows - rows)
    const page = await listCdrs(site, { ...search, cursor, limit }, listing, 'export')
    for (const cdr of page.cdrs) bytes += take(listing.show(cdr))
    rows += page.cdrs.length
    cursor = page.cursor
  } while (cursor !== undefined && !isFull())
  return { rows, cursor }
}
