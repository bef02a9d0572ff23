import type { Cdr } from '../../../contracts/cdr.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { type ExportQuery, exportRowsMax, workbookType } from '../../../contracts/routes/exports.ts'
import { columnsOf } from '../../domain/exports/columns.ts'
import { offsetsOf } from '../../domain/stats/zone.ts'
import { HttpProblemError } from '../problem.ts'
import { type ExportDependencies, readExportRows } from './read-export-rows.ts'
import { writeWorkbook } from './workbook.ts'

export interface ExportedWorkbook {
  contentType: string
  bytes: Uint8Array<ArrayBuffer>
  rows: number
  /** Cursor of the next part; absent on the last one. */
  cursor?: string
}

/** Text of the rows of one workbook: it is in memory, and again as XML and compressed, within the function's 1 GB. */
const textBytesMax = 12_000_000
/** Base64 adds a third, and Lambda answers 6 MB at most. */
const workbookBytesMax = 4_400_000

/**
 * Returns a search as an XLSX workbook. It is whole: if the search has more rows than a workbook can have, it is refused, unless
 * the request sets a `limit` and so asks for a part.
 * @throws HttpProblemError 422 if the search has too many rows
 */
export async function exportWorkbook(
  site: SiteId,
  query: ExportQuery,
  listing: ExportDependencies,
): Promise<ExportedWorkbook> {
  const { format: _format, preset = 'full', separator: _separator, bom: _bom, limit, ...search } = query
  const { zone, language } = listing.numbering
  const columns = columnsOf(preset, language)
  const cdrs: Cdr[] = []
  const most = { rows: limit ?? exportRowsMax, bytes: textBytesMax }
  const { rows, cursor } = await readExportRows(site, search, most, listing, (cdr) => {
    cdrs.push(cdr)
    return columns.reduce((sum, { field }) => sum + String(cdr[field]).length, 0)
  })
  if (cursor !== undefined && limit === undefined) throw tooLarge(rows)
  const bytes = await writeWorkbook(cdrs, columns, language, offsetsOf(zone))
  if (bytes.length > workbookBytesMax) throw tooLarge(rows)
  return { contentType: workbookType, bytes, rows, ...(cursor !== undefined && { cursor }) }
}

function tooLarge(rows: number): HttpProblemError {
  const detail =
    rows < exportRowsMax
      ? `The search has too much for one XLSX file: it was full after ${rows} records.`
      : `The search has more than ${exportRowsMax} records, and an XLSX file has no more.`
  return new HttpProblemError(422, 'export-too-large', `${detail} Choose a shorter period, or CSV.`)
}
