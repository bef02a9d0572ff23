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
  /** Cursor of the next part; absent on the last one. */
  cursor?: string
}

/** Returns the headers of an answer. */
export function headersOf(site: SiteId, { format = 'csv' }: ExportQuery, { contentType, rows, cursor }: Exported) {
  return {
    'content-type': contentType,
    'content-disposition': `attachment; filename="${site}-cdrs.${format}"`,
    'switchhook-rows': String(rows),
    ...(cursor !== undefined && { 'switchhook-cursor': cursor }),
  }
}

/** A year: the clock of a PBX may be ahead. */
const aheadMs = 366 * 86_400_000

/** Returns a cursor that starts an export of the whole call log, oldest first, without the bounds of a search. */
export function beginOfAll(site: SiteId, from: string, now: number, cursorKey: string): string {
  const search: Search = { from, to: wholeSeconds(now + aheadMs), newestFirst: false }
  return writeCursor('cdrs', site, { search, after: from }, cursorKey)
}

/** Rows of one answer: usually 2.6 MB of JSON lines. */
export const exportRowsMax = 5_000
/** An answer ends once it is larger. With its last page, and its quotes escaped again, it fits the 6 MB that Lambda allows. */
const exportBytesMax = 3_000_000
/** Rows of a page in the first and second half of an answer: 500 long rows are 2 MB, too much for the second half. */
const [pageRows, carefulRows] = [500, 100]
/** No page is read after this, so that the answer arrives within API Gateway's 30 s. */
const exportMsMax = 20_000

const presets: Record<NonNullable<ExportQuery['preset']>, { head: string[]; cells(cdr: Cdr): (string | number)[] }> = {
  full: { head: [...cdrFields], cells: (cdr) => cdrFields.map((field) => cdr[field]) },
  // The French headings of SELECT calldate, src, dst, duration.
  report: {
    head: ['date', 'appelant', 'appelé', 'durée'],
    cells: ({ start, src, dst, duration }) => [start.slice(0, 19).replace('T', ' '), src, dst, duration],
  },
}

/**
 * Returns up to 5,000 rows of a search as text. A longer export continues from the cursor, part by part, so that the client holds
 * one part at a time and can resume at any of them.
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
  // Each turn reads a page; ends with the rows, a full answer, or the time limit.
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
