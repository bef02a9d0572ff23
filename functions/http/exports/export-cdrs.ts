import { type Cdr, cdrFields } from '../../../contracts/cdr.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { ExportQuery } from '../../../contracts/routes/exports.ts'
import type { Search } from '../../domain/calls/search.ts'
import { byteOrderMark, csvRecord } from '../../domain/csv.ts'
import { wholeSeconds } from '../../domain/filing.ts'
import { type ListingDependencies, listCdrs } from '../cdrs/list-cdrs.ts'
import { writeCursor } from '../cursor.ts'

export interface Exported {
  contentType: string
  text: string
  rows: number
  /** Where the next part begins; absent with the last one. */
  cursor?: string
}

/** What an answer says beside its text. */
export function headersOf(site: SiteId, { format = 'csv' }: ExportQuery, { contentType, rows, cursor }: Exported) {
  return {
    'content-type': contentType,
    'content-disposition': `attachment; filename="${site}-cdrs.${format}"`,
    'switchhook-rows': String(rows),
    ...(cursor !== undefined && { 'switchhook-cursor': cursor }),
  }
}

/** A year beyond now: the clock of a PBX may be wrong. */
const aheadMs = 366 * 86_400_000

/** Where an export of a site's whole call log begins, oldest first, past the bounds of a search. */
export function beginOfAll(site: SiteId, from: string, now: number, cursorKey: string): string {
  const search: Search = { from, to: wholeSeconds(now + aheadMs), newestFirst: false }
  return writeCursor('cdrs', site, { search, after: from }, cursorKey)
}

/** Rows of one answer: 2.6 MB of JSON lines as a rule. */
export const exportRowsMax = 5_000
/** An answer ends past this: with the last page, and its quotes escaped once more, it stays within the 6 MB that Lambda takes. */
const exportBytesMax = 3_000_000
/** Rows of a page; of long rows 500 would be 2 MB, too many for the second half of an answer. */
const [pageRows, carefulRows] = [500, 100]
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
  listing: ListingDependencies & { show(cdr: Cdr): Cdr },
): Promise<Exported> {
  const { format = 'csv', preset = 'full', bom, limit = exportRowsMax, ...search } = query
  const started = listing.now()
  const lines: string[] = []
  const { head, cells } = presets[preset]
  if (format === 'csv' && query.cursor === undefined)
    lines.push(`${bom === 'yes' ? byteOrderMark : ''}${csvRecord(head)}`)
  let [rows, bytes] = [0, 0]
  let cursor = search.cursor
  const isFull = () => rows >= limit || bytes >= exportBytesMax || listing.now() - started >= exportMsMax
  // Ends with the rows, when the answer is full or the time is over; each turn reads a page.
  do {
    const most = bytes < exportBytesMax / 2 ? pageRows : carefulRows
    const page = await listCdrs(site, { ...search, cursor, limit: Math.min(most, limit - rows) }, listing)
    for (const cdr of page.cdrs.map(listing.show)) {
      const line = format === 'csv' ? csvRecord(cells(cdr)) : `${JSON.stringify(cdr)}\n`
      lines.push(line)
      bytes += Buffer.byteLength(line)
    }
    rows += page.cdrs.length
    cursor = page.cursor
  } while (cursor !== undefined && !isFull())
  const contentType = format === 'csv' ? 'text/csv; charset=utf-8' : 'application/jsonl'
  return { contentType, text: lines.join(''), rows, ...(cursor !== undefined && { cursor }) }
}
