import { type Cdr, type CdrField, cdrFields, momentSeconds } from '../../../contracts/cdr.ts'
import type { Separator } from '../csv.ts'
import type { Numbering } from '../phone-number.ts'
import type { OffsetAt } from '../stats/zone.ts'
import { groupedCode, groupedNumber } from './grouped-number.ts'

/** What an export for people needs to know about its site. */
export interface SheetLocale extends Numbering {
  /** IANA. */
  zone: string
  language: 'fr' | 'en'
}

/** How the values of a column are written. */
type Kind = 'text' | 'phone' | 'time' | 'number'

export interface Column {
  heading: string
  field: CdrField
  kind: Kind
  /** Characters that a spreadsheet shows. */
  width: number
}
export type Preset = 'full' | 'report'

const kinds: Partial<Record<CdrField, Kind>> = {
  src: 'phone',
  dst: 'phone',
  start: 'time',
  answer: 'time',
  end: 'time',
  duration: 'number',
  billsec: 'number',
  sequence: 'number',
}
const widths: Record<Kind, number> = { text: 22, phone: 18, time: 20, number: 10 }

const reportFields = ['start', 'src', 'dst', 'duration'] as const
const reportHeadings = {
  fr: ['date', 'appelant', 'appelé', 'durée'],
  en: ['date', 'caller', 'called', 'duration'],
} as const

/** Returns the columns of a file for people. */
export function columnsOf(preset: Preset, language: SheetLocale['language']): Column[] {
  const fields: readonly CdrField[] = preset === 'full' ? cdrFields : reportFields
  const headings: readonly string[] = preset === 'full' ? cdrFields : reportHeadings[language]
  return fields.map((field, n) => {
    const kind = kinds[field] ?? 'text'
    return { heading: headings[n] ?? field, field, kind, width: widths[kind] }
  })
}

/** Spreadsheets split a CSV file at the list separator of their country, which is the semicolon where the comma is decimal. */
export function separatorOf(language: SheetLocale['language']): Separator {
  return language === 'fr' ? ';' : ','
}

/** Returns the cells of a record in a CSV file for people, where a cell has no type, so that numbers need groups to stay text. */
export function csvCells(
  cdr: Cdr,
  columns: readonly Column[],
  numbering: Numbering,
  offsetAt: OffsetAt,
): (string | number)[] {
  return columns.map(({ field, kind }) => {
    const value = cdr[field]
    if (typeof value === 'number') return value
    if (kind === 'phone') return groupedNumber(value, numbering)
    return kind === 'time' ? textOf(localMs(value, offsetAt)) : groupedCode(value)
  })
}

/** Returns the time that the site's clocks showed, as the Unix milliseconds of that time in UTC; undefined for ''. */
export function localMs(moment: string, offsetAt: OffsetAt): number | undefined {
  if (moment === '') return undefined
  const seconds = momentSeconds(moment)
  return (seconds + offsetAt(seconds)) * 1000
}

function textOf(ms: number | undefined): string {
  return ms === undefined ? '' : new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
}
