/**
 * The fields of a call detail record in the order of the file. `start`, `answer` and `end` have an offset from UTC, which makes
 * times in the hour of a clock change unambiguous.
 */
export const CDR_FIELDS = [
  'accountcode',
  'src',
  'dst',
  'dcontext',
  'clid',
  'channel',
  'dstchannel',
  'lastapp',
  'lastdata',
  'start',
  'answer',
  'end',
  'duration',
  'billsec',
  'disposition',
  'amaflags',
  'uniqueid',
  'userfield',
  'peeraccount',
  'linkedid',
  'sequence',
] as const

const TIMES: ReadonlySet<string> = new Set(['start', 'answer', 'end'])

/**
 * Renders cdr.conf. Unanswered calls are recorded; the `h` extension does not change a record; each record is written when its
 * call ends, because a crash of Asterisk would lose a batch.
 */
export function renderCdr(): string {
  return `[general]
enable = yes
unanswered = yes
endbeforehexten = yes
batch = no

[csv]
usegmtime = no
loguniqueid = yes
loguserfield = yes
newcdrcolumns = yes
`
}

/** Renders cdr_custom.conf: the bridge reads its file, which has one JSON object in each line, written by one append. */
export function renderCdrCustom(): string {
  const fields = CDR_FIELDS.map((field) => (TIMES.has(field) ? `${field}(%FT%T%z)` : field))
  return `[cdr.jsonl]
format = json
fields = ${fields.join(',')}
`
}

/** Renders cdr_manager.conf: adds the three fields that the AMI event Cdr lacks. */
export function renderCdrManager(): string {
  return `[general]
enabled = yes

[mappings]
linkedid => LinkedID
peeraccount => PeerAccount
sequence => Sequence
`
}
