/**
 * Every field of a call detail record, in the order of the file. `start`, `answer` and `end` carry the offset from UTC,
 * so that the hour of a clock change is told apart.
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
 * cdr.conf. Calls that nobody answered are recorded too; the `h` extension does not change a record; each record is
 * written when its call ends, since a batch dies with Asterisk.
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

/** cdr_custom.conf: the file the bridge reads, one JSON object a line, each written by one append. */
export function renderCdrCustom(): string {
  const fields = CDR_FIELDS.map((field) => (TIMES.has(field) ? `${field}(%FT%T%z)` : field))
  return `[cdr.jsonl]
format = json
fields = ${fields.join(',')}
`
}

/** cdr_manager.conf: the AMI event Cdr, with the three fields it lacks by itself. */
export function renderCdrManager(): string {
  return `[general]
enabled = yes

[mappings]
linkedid => LinkedID
peeraccount => PeerAccount
sequence => Sequence
`
}
