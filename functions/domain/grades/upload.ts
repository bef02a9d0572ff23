import * as v from 'valibot'
import { withoutAccents } from '../../../contracts/accents.ts'
import { type Honour, honours, Matricule, Note, type Scale } from '../../../contracts/grades.ts'
import { gradeRowsMax, Pin, type RowFault, type Upload } from '../../../contracts/routes/grades.ts'
import { readCsv } from './csv.ts'

export interface GradeRow {
  matricule: string
  note: number
  mention?: Honour
  pin?: string
}
export interface ReadUpload {
  rows: GradeRow[]
  /** Number of all rows, valid or not. */
  count: number
  faults: RowFault[]
}

const columns = ['matricule', 'note', 'mention', 'pin'] as const
type Column = (typeof columns)[number]
type Cells = Partial<Record<Column, unknown>>

/** Returns the valid rows of an upload and the faults of the others. A repeated student number is a fault. */
export function readUpload(upload: Upload, scale: Scale): ReadUpload {
  const { cells, faults } =
    'rows' in upload && Array.isArray(upload.rows) ? jsonRows(upload.rows) : csvRows(String(upload['csv']))
  const rows: GradeRow[] = []
  const seen = new Map<string, number>()
  for (const [n, row] of cells) {
    const { grade, wrong } = readRow(row, scale)
    const first = grade && seen.get(grade.matricule)
    if (wrong) faults.push(...wrong.map((fault) => ({ row: n, ...fault })))
    else if (first !== undefined) faults.push({ row: n, field: 'matricule', message: `Duplicate of row ${first}.` })
    else if (grade) {
      seen.set(grade.matricule, n)
      rows.push(grade)
    }
  }
  faults.sort((a, b) => a.row - b.row)
  return { rows, faults, count: cells.length }
}

type Rows = { cells: [n: number, row: Cells][]; faults: RowFault[] }

function jsonRows(rows: readonly unknown[]): Rows {
  const Row = v.looseObject({})
  const cells: Rows['cells'] = []
  const faults: RowFault[] = []
  for (const [i, row] of rows.entries()) {
    if (v.is(Row, row)) cells.push([i + 1, row])
    else
      faults.push({
        row: i + 1,
        field: 'row',
        message: 'Not an object with matricule and note. Example: {"matricule": "137", "note": 14.25}.',
      })
  }
  return { cells, faults }
}

function csvRows(text: string): Rows {
  const fault = (row: number, field: string, message: string) => ({ cells: [], faults: [{ row, field, message }] })
  const lines = readCsv(text)
  if (!lines) return fault(0, 'csv', 'A quote never closes, or a field has over 1,000 characters.')
  const [heading = [], ...body] = lines
  const names = heading.map((name) => name.toLowerCase())
  const strange = names.find((name) => !columns.some((column) => column === name))
  if (
    strange !== undefined ||
    !names.includes('matricule') ||
    !names.includes('note') ||
    new Set(names).size < names.length
  )
    return fault(
      0,
      'heading',
      `Not a heading of known names, each once. Example: ${columns.join(',')}. The last two are optional.`,
    )
  if (body.length > gradeRowsMax) return fault(0, 'csv', `Too many rows: at most ${gradeRowsMax}.`)
  const cells: Rows['cells'] = []
  const faults: RowFault[] = []
  for (const [i, line] of body.entries()) {
    if (line.length !== names.length)
      faults.push({
        row: i + 1,
        field: 'row',
        message: `Not ${names.length} fields. Write a decimal with a point. Example: 14.25.`,
      })
    else cells.push([i + 1, Object.fromEntries(names.map((name, at) => [name, fromText(name, line[at] ?? '')]))])
  }
  return { cells, faults }
}

function fromText(name: string, text: string): unknown {
  if (name !== 'note') return text === '' && name !== 'matricule' ? undefined : text
  return /^\d{1,3}(\.\d+)?$/.test(text) ? Number(text) : text
}

type FieldFault = Pick<RowFault, 'field' | 'message'>
type RowRead = { grade: GradeRow; wrong?: never } | { grade?: never; wrong: FieldFault[] }

function readRow(row: Cells, scale: Scale): RowRead {
  const wrong: FieldFault[] = []
  const take = <S extends v.GenericSchema>(field: Column, schema: S): v.InferOutput<S> | undefined => {
    const parsed = v.safeParse(schema, row[field])
    if (parsed.success) return parsed.output
    wrong.push({
      field,
      message: isFormula(row[field]) ? 'A spreadsheet formula is not allowed.' : (parsed.issues[0]?.message ?? 'wrong'),
    })
    return undefined
  }
  const matricule = take('matricule', Matricule)
  const note = take('note', noteOn(scale))
  const mention = row.mention === undefined || row.mention === null ? undefined : take('mention', MentionText)
  const pin = row.pin === undefined || row.pin === null ? undefined : take('pin', Pin)
  if (wrong.length > 0 || matricule === undefined || note === undefined) return { wrong }
  return { grade: { matricule, note, ...(mention && { mention }), ...(pin !== undefined && { pin }) } }
}

/** Returns true for text that a spreadsheet would run as a formula after an export. */
function isFormula(value: unknown): boolean {
  return typeof value === 'string' && /^[=+@]|^-(?!\d)/.test(value)
}

export function noteOn({ max }: Scale) {
  const message = `Not a number from 0 to ${max} with at most two decimals. Example: 14.25.`
  return v.pipe(v.number(message), Note, v.minValue(0, message), v.maxValue(max, message))
}

/** Accepts honours in any case, with or without accents: `Tres bien`, `Échec`, `ASSEZ BIEN`. */
const MentionText = v.pipe(
  v.string(`Not an honour. Use one of ${honours.join(', ')}.`),
  v.transform((text) => honours.find((honour) => plain(honour) === plain(text))),
  v.picklist(honours, `Not an honour. Use one of ${honours.join(', ')}.`),
)

function plain(text: string): string {
  return withoutAccents(text).trim().toLowerCase()
}
