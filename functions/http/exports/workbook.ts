import type { Blob, Buffer } from 'node:buffer'
import type Stream from 'node:stream'
import writeXlsxFile, { type Cell, type Feature, type SheetData } from 'write-excel-file/node'
import type { Cdr } from '../../../contracts/cdr.ts'
import { type Column, localMs, type SheetLocale } from '../../domain/exports/columns.ts'
import type { OffsetAt } from '../../domain/stats/zone.ts'

const sheetNames = { fr: 'Appels', en: 'Calls' } as const
/** Built into every spreadsheet (ECMA-376, 18.8.30): a cell with it stays text when someone edits it, also `=1+1`. */
const textFormat = '@'
const timeFormat = 'yyyy-mm-dd hh:mm:ss'

/** Stops Excel from marking each telephone number as "number stored as text" (ECMA-376, 18.3.1.50). */
const noWarnings: Feature<Stream | Buffer | Blob> = {
  files: {
    transform: {
      'xl/worksheets/sheet{id}.xml': {
        insert: () => '<ignoredErrors><ignoredError sqref="A1:XFD1048576" numberStoredAsText="1"/></ignoredErrors>',
      },
    },
  },
}

/**
 * Returns an XLSX workbook of one sheet: text cells for texts and telephone numbers, exactly as they are stored, date cells for
 * times by the site's clocks, number cells for seconds.
 */
export async function writeWorkbook(
  cdrs: readonly Cdr[],
  columns: readonly Column[],
  language: SheetLocale['language'],
  offsetAt: OffsetAt,
): Promise<Uint8Array<ArrayBuffer>> {
  const data: SheetData = [
    columns.map(({ heading }): Cell => ({ value: heading, type: String, fontWeight: 'bold' })),
    ...cdrs.map((cdr) => columns.map((column) => cellOf(cdr, column, offsetAt))),
  ]
  const sheet = { sheet: sheetNames[language], columns: columns.map(({ width }) => ({ width })), stickyRowsCount: 1 }
  return new Uint8Array(await writeXlsxFile(data, sheet, { features: [noWarnings] }).toBuffer())
}

function cellOf(cdr: Cdr, { field, kind }: Column, offsetAt: OffsetAt): Cell {
  const value = cdr[field]
  if (typeof value === 'number') return { value, type: Number }
  if (kind !== 'time') return value === '' ? null : { value: textValue(value), type: String, format: textFormat }
  const ms = localMs(value, offsetAt)
  return ms === undefined ? null : { value: new Date(ms), type: Date, format: timeFormat }
}

/**
 * Escapes what a spreadsheet would read as an escape, `_x0041_` (ECMA-376, 22.9.2.19). A text that is the name of a property of
 * every JavaScript object, such as `constructor`, gets a space after it: the library looks texts up in a plain object.
 */
function textValue(text: string): string {
  return text in {} ? `${text} ` : text.replace(/_(?=x[0-9a-f]{4}_)/gi, '_x005F_')
}
