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

/** Reads the names in a line of `cdr_custom.conf`, `${CSV_QUOTE(${CDR(clid)})},...`, or in a header. */
export function namesIn(text: string): Layout | undefined {
  const mapped = [...text.matchAll(/CDR\(([a-z_]+)(?:,\w+)?\)/gi)].map(([, name = '']) => name.toLowerCase())
  if (mapped.length > 0) return mapped
  const names = text.split(',').map((name) => name.trim().replace(/^"|"$/g, '').toLowerCase())
  return isHeader(names) ? names : undefined
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

/**
 * Recognises a record's columns by their content. Two layouts that both fit are never guessed between. Ids that do not look
 * like Asterisk's own (channels that were given an id by ARI) fit where nothing else does, in the `preferred` layout first:
 * that of the records before.
 */
export function layoutOf(fields: readonly string[], preferred?: Layout): LayoutFound {
  const sized = layouts.filter((layout) => layout.length === fields.length)
  const strict = sized.filter((layout) => fits(layout, fields, shapes))
  const loose = strict.length > 0 ? strict : sized.filter((layout) => fits(layout, fields, looseShapes))
  const [layout, second] = loose
  if (layout && !second) return { kind: 'layout', layout }
  if (preferred && loose.includes(preferred)) return { kind: 'layout', layout: preferred }
  if (layout && second) {
    const differing = layout.filter((name, n) => second[n] !== name).join(', ')
    return { kind: 'unknown', reason: `${fields.length} columns fit two layouts, which differ in ${differing}` }
  }
  return { kind: 'unknown', reason: `${fields.length} columns in no order that Asterisk writes` }
}

const looseShapes: Readonly<Record<string, RegExp>> = { ...shapes, uniqueid: /^\S+$/, linkedid: /^\S+$/ }

function fits(layout: Layout, fields: readonly string[], shapesOf: Readonly<Record<string, RegExp>>): boolean {
  const isShaped = layout.every((name, n) => shapesOf[name]?.test(fields[n] ?? '') ?? true)
  if (!isShaped) return false
  // A layout without a uniqueid is not taken where one of its columns has the shape of one.
  const hasId = layout.includes('uniqueid')
  return hasId || !layout.some((name, n) => name === 'userfield' && uniqueidShape.test(fields[n] ?? ''))
}

/** What to paste into `cdr_custom.conf` so that no layout has to be guessed. */
export const recommendedMapping = `[mappings]
switchhook.csv => ${recommendedLayout.map((name) => `\${CSV_QUOTE(\${CDR(${name})})}`).join(',')}
`
