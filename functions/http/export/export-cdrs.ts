import { type Cdr, cdrFields } from '../../../contracts/cdr.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { ExportQuery } from '../../../contracts/operations/cdrs.ts'
import { byteOrderMark, csvRecord } from '../../domain/csv.ts'
import { type Listing, listCdrs } from '../cdrs/list-cdrs.ts'

export interface Exported {
  contentType: string
  text: string
  rows: number
  /** Where the next part begins; absent with the last one. */
  cursor?: string
}

/** Rows of one answer: 3.5 MB of JSON lines at most, where Lambda takes 6. */
export const exportRowsMax = 5_000
const pageRows = 500
/** No page is begun after this, so that the answer is there within API Gateway's 30 s. */
const exportMsMax = 20_000

const presets: Record<NonNullable<ExportQuery['preset']>, { head: string[]; cells(cdr: Cdr): (string | number)[] }> = {
  full: { head: [...cdrFields], cells: (cdr) => cdrFields.map((field) => cdr[field]) },
  // The columns of the report that this product grew out of: SELECT calldate, src, dst, duration.
  report: {
    head: ['date', 'appelant', 'appelé', 'durée'],
    cells: ({ start, src, dst, duration }) => [start.slice(0, 19).replace('T', ' '), src, dst, duration],
  },
}

/**
 * Up to 5,000 rows of a search as text. A longer export goes on from the cursor, part by part, so that whoever fetches it
 * holds one part at a time and can begin again at any of them.
 */
export async function exportCdrs(
  site: SiteId,
  query: ExportQuery,
  listing: Listing & { show(cdr: Cdr): Cdr },
): Promise<Exported> {
  const { format = 'csv', preset = 'full', bom, limit = exportRowsMax, ...search } = query
  const started = listing.now()
  const lines: string[] = []
  const { head, cells } = presets[preset]
  if (format === 'csv' && query.cursor === undefined)
    lines.push(`${bom === 'yes' ? byteOrderMark : ''}${csvRecord(head)}`)
  let rows = 0
  let cursor = search.cursor
  // Ends with the rows, at the limit or when the time is over; each turn reads a page.
  do {
    const page = await listCdrs(site, { ...search, cursor, limit: Math.min(pageRows, limit - rows) }, listing)
    for (const cdr of page.cdrs.map(listing.show)) {
      lines.push(format === 'csv' ? csvRecord(cells(cdr)) : `${JSON.stringify(cdr)}\n`)
    }
    rows += page.cdrs.length
    cursor = page.cursor
  } while (cursor !== undefined && rows < limit && listing.now() - started < exportMsMax)
  const contentType = format === 'csv' ? 'text/csv; charset=utf-8' : 'application/jsonl'
  return { contentType, text: lines.join(''), rows, ...(cursor !== undefined && { cursor }) }
}
