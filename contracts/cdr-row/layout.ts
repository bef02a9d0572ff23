import { cdrFields } from '../cdr.ts'

/** The names of a CSV record's columns, in their order. */
export type Layout = readonly string[]
export type LayoutFound = { kind: 'layout'; layout: Layout } | { kind: 'unknown'; reason: string }

/** Columns that PBXs add to Asterisk's own, in the order in which Switchhook renders them. */
export const addedFields = ['did', 'cnum', 'cnam', 'recordingfile'] as const
/** The mapping that Switchhook renders and recommends: whole on every version of Asterisk. */
export const recommendedLayout: Layout = [...cdrFields, ...addedFields]

const masterBase = cdrFields.slice(0, 16)
const newColumns = ['peeraccount', 'linkedid', 'sequence']
const sqlBase = (
  'calldate clid src dst dcontext channel dstchannel lastapp lastdata duration billsec disposition amaflags ' +
  'accountcode uniqueid userfield'
).split(' ')
const sampleBase = (
  'clid src dst dcontext channel dstchannel lastapp lastdata start answer end duration billsec disposition amaflags ' +
  'accountcode uniqueid userfield'
).split(' ')

/**
 * Orders that Asterisk and its kin write. `Master.csv`: cdr_csv with each combination of `loguniqueid`, `loguserfield`
 * and `newcdrcolumns`. Sample: the mapping in Asterisk's `cdr_custom.conf.sample`. SQL: the table of the documentation,
 * that of FreePBX, and that of Asterisk's own migration (contrib/ast-db-manage/cdr), which has `start`, `answer`, `end`.
 */
const layouts: readonly Layout[] = [
  ...[[], ['uniqueid'], ['userfield'], ['uniqueid', 'userfield']].flatMap((ends) => [
    [...masterBase, ...ends],
    [...masterBase, ...ends, ...newColumns],
  ]),
  recommendedLayout,
  [...masterBase, 'userfield', 'uniqueid', 'linkedid', 'peeraccount', 'sequence'],
  sampleBase,
  [...sampleBase, 'sequence'],
  [...sampleBase, ...newColumns],
  sqlBase,
  [...sqlBase, ...newColumns],
  [...sqlBase, 'did', 'recordingfile'],
  [...sqlBase, ...newColumns, 'did', 'recordingfile'],
]

const moment = /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d/
const whole = /^\d+(\.\d+)?$/
export const uniqueidShape = /^(?:[\w.:-]+-)?\d{9,10}\.\d+$/
const disposition = /^(ANSWERED|NO ANSWER|BUSY|FAILED|CONGESTION|NOANSWER|[0-9]{1,2})$/i
const flags = /^(DOCUMENTATION|BILLING|OMIT|DEFAULT|[0-3])$/i

/** What the content of a column looks like, where it tells the column from others. Empty is for those that may be so. */
const shapes: Readonly<Record<string, RegExp>> = {
  calldate: moment,
  start: moment,
  answer: /^(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d.*)?$/,
  end: /^(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d.*)?$/,
  duration: whole,
  billsec: whole,
  disposition,
  amaflags: flags,
  channel: /^([^/\s]+\/.+)?$/,
  dstchannel: /^([^/\s]+\/.+)?$/,
  uniqueid: uniqueidShape,
  linkedid: /^((?:[\w.:-]+-)?\d{9,10}\.\d+)?$/,
  sequence: /^(\d{1,12})?$/,
}

/**
 * Reads the names of columns in a header, or in a line of `cdr_custom.conf`: `name.csv => ${CSV_QUOTE(${CDR(clid)})},...` or
 * `fields = clid,start(%FT%T%z),...`. A column that is no field of a CDR gets the name `column` with its number. Undefined for
 * a text that names no CDR: it needs a start, the two lengths and the disposition.
 */
export function namesIn(text: string): Layout | undefined {
  const line = text.trim().replace(/^[^,]*?=>?\s*/, '')
  const names = splitTopLevel(line).map((column, n) => {
    if (!column.includes('${'))
      return column
        .replace(/^\s*"|"\s*$|\(.*$/g, '')
        .trim()
        .toLowerCase()
    return /\bCDR\(\s*(\w+)/i.exec(column)?.[1]?.toLowerCase() ?? `column${n + 1}`
  })
  return isLayout(names) ? names : undefined
}

/** Whether a CDR can be read from columns of these names. */
function isLayout(names: readonly string[]): boolean {
  const has = (name: string) => names.includes(name)
  const isNamed = names.every((name) => /^[a-z]\w{0,79}$/.test(name)) && new Set(names).size === names.length
  return isNamed && (has('start') || has('calldate')) && ['duration', 'billsec', 'disposition'].every(has)
}

/** Splits at the commas outside of brackets: `CDR(start,u)` is one column. */
function splitTopLevel(line: string): string[] {
  const columns: string[] = []
  let depth = 0
  let from = 0
  for (const { 0: sign, index } of line.matchAll(/[(){},]/g)) {
    if (sign === '(' || sign === '{') depth += 1
    else if (sign === ')' || sign === '}') depth -= 1
    else if (depth === 0) {
      columns.push(line.slice(from, index))
      from = index + 1
    }
  }
  return [...columns, line.slice(from)]
}

const headerNames = new Set<string>([
  'calldate',
  'clid',
  'src',
  'dst',
  'uniqueid',
  'duration',
  'billsec',
  'disposition',
])

/** Whether a record is a line of column names, as exports of tables begin with. */
export function isHeader(fields: readonly string[]): boolean {
  const known = fields.filter((name) => headerNames.has(name.trim().toLowerCase()))
  return known.length >= 4 && new Set(fields).size === fields.length
}

export interface KnownLayouts {
  /** The operator's own layout: taken where a record has its number of columns and fits it. */
  given?: Layout | undefined
  /** The layout of the records before. */
  recent?: Layout | undefined
}

/**
 * Recognises a record's columns by their content. Two layouts that both fit are never guessed between. Ids that do not look
 * like Asterisk's own (channels that were given an id by ARI) fit where nothing else does, in the `recent` layout first.
 */
export function layoutOf(fields: readonly string[], { given, recent }: KnownLayouts = {}): LayoutFound {
  if (given?.length === fields.length && fits(given, fields, looseShapes)) return { kind: 'layout', layout: given }
  const sized = layouts.filter((layout) => layout.length === fields.length)
  const strict = sized.filter((layout) => fits(layout, fields, shapes))
  const loose = strict.length > 0 ? strict : sized.filter((layout) => fits(layout, fields, looseShapes))
  const [layout, second] = loose
  if (layout && !second) return { kind: 'layout', layout }
  if (recent && loose.includes(recent)) return { kind: 'layout', layout: recent }
  if (layout && second) {
    const differing = layout.filter((name, n) => second[n] !== name).join(', ')
    return { kind: 'unknown', reason: `${fields.length} columns fit two layouts, which differ in ${differing}` }
  }
  const misfits = sized.map((one) => one.filter((name, n) => !(looseShapes[name]?.test(fields[n] ?? '') ?? true)))
  const [nearest = []] = misfits.sort((a, b) => a.length - b.length)
  const isNear = nearest.length > 0 && nearest.length <= misfitsMax
  const why = isNear ? `of which ${nearest.join(' and ')} cannot be read` : 'in no order that Asterisk writes'
  return { kind: 'unknown', reason: `${fields.length} columns${isNear ? ', ' : ' '}${why}` }
}

/** A record of a known layout with at most so many columns that cannot be right is named by them. */
const misfitsMax = 2

const looseShapes: Readonly<Record<string, RegExp>> = { ...shapes, uniqueid: /^\S+$/, linkedid: /^\S+$/ }

function fits(layout: Layout, fields: readonly string[], shapesOf: Readonly<Record<string, RegExp>>): boolean {
  const isShaped = layout.every((name, n) => shapesOf[name]?.test(fields[n] ?? '') ?? true)
  if (!isShaped) return false
  // A layout without a uniqueid is not taken where one of its columns has the shape of one.
  const hasId = layout.includes('uniqueid')
  return hasId || !layout.some((name, n) => name === 'userfield' && uniqueidShape.test(fields[n] ?? ''))
}

/** The file of the recommended mapping, in `cdr-custom` of Asterisk's log folder. */
export const recommendedFile = 'switchhook.csv'

/** What to put into `cdr_custom.conf` so that no layout has to be guessed. */
export const recommendedMapping = `[mappings]
${recommendedFile} => ${recommendedLayout.map((name) => `\${CSV_QUOTE(\${CDR(${name})})}`).join(',')}
`
