import { type Cdr, cdrFields } from '../../../contracts/cdr.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { type ExportQuery, exportRowsMax } from '../../../contracts/routes/exports.ts'
import type { Search } from '../../domain/calls/search.ts'
import { byteOrderMark, csvRecord } from '../../domain/csv.ts'
import { columnsOf, csvCells, type SheetLocale, separatorOf } from '../../domain/exports/columns.ts'
import { wholeSeconds } from '../../domain/filing.ts'
import { offsetsOf } from '../../domain/stats/zone.ts'
import { writePageCursor } from '../search/page.ts'
import { type ExportDependencies, readExportRows } from './read-export-rows.ts'

export interface Exported {
  contentType: string
  text: string
  rows: number
  /** Cursor of the next part; absent on the last one. */
  cursor?: string
}

/** A year: the clock of a PBX may be ahead. */
const aheadMs = 366 * 86_400_000

/** Returns a cursor that starts an export of the whole call log, oldest first, without the bounds of a search. */
export function beginOfAll(site: SiteId, from: string, now: number, cursorKey: string): string {
  const search: Search = { from, to: wholeSeconds(now + aheadMs), newestFirst: false }
  return writePageCursor({ site, list: 'export', personal: true }, { search, after: from }, cursorKey)
}

/** An answer ends once it is larger. With its last page, and its quotes escaped again, it fits the 6 MB that Lambda allows. */
const exportBytesMax = 3_000_000

export type TextQuery = ExportQuery & { format?: 'csv' | 'jsonl' | undefined }

/**
 * Returns up to 5,000 rows of a search as text. A longer export continues from the cursor, part by part, so that the client holds
 * one part at a time and can resume at any of them.
 */
export async function exportCdrs(site: SiteId, query: TextQuery, listing: ExportDependencies): Promise<Exported> {
  const { format = 'csv', preset, separator, bom, limit = exportRowsMax, ...search } = query
  const form = format === 'csv' ? csvForm({ preset, separator, bom }, listing.numbering) : jsonLines
  const lines: string[] = query.cursor === undefined ? [form.head] : []
  const { rows, cursor } = await readExportRows(
    site,
    search,
    { rows: limit, bytes: exportBytesMax },
    listing,
    (cdr) => {
      const line = form.line(cdr)
      lines.push(line)
      return Buffer.byteLength(line)
    },
  )
  return { contentType: form.contentType, text: lines.join(''), rows, ...(cursor !== undefined && { cursor }) }
}

interface TextForm {
  contentType: string
  head: string
  line(cdr: Cdr): string
}

const jsonLines: TextForm = {
  contentType: 'application/jsonl',
  head: '',
  line: (cdr) => `${JSON.stringify(cdr)}\n`,
}

const separators = { comma: ',', semicolon: ';', tab: '\t' } as const

/** Without a preset, a CSV file is for programs: every field as it is stored. */
function csvForm(
  { preset, separator, bom }: Pick<TextQuery, 'preset' | 'separator' | 'bom'>,
  locale: SheetLocale,
): TextForm {
  const between = separator ? separators[separator] : preset ? separatorOf(locale.language) : ','
  const mark = (bom ?? (preset ? 'yes' : 'no')) === 'yes' ? byteOrderMark : ''
  const form = (head: readonly string[], cells: (cdr: Cdr) => (string | number)[]) => ({
    contentType: 'text/csv; charset=utf-8',
    head: mark + csvRecord(head, between),
    line: (cdr: Cdr) => csvRecord(cells(cdr), between),
  })
  if (!preset) return form(cdrFields, (cdr) => cdrFields.map((field) => cdr[field]))
  const columns = columnsOf(preset, locale.language)
  const offsetAt = offsetsOf(locale.zone)
  const headings = columns.map(({ heading }) => heading)
  return form(headings, (cdr) => csvCells(cdr, columns, locale, offsetAt))
}
