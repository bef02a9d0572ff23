import { recommendedMapping } from '../../../contracts/cdr-row/layout.ts'

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

/**
 * Renders cdr_custom.conf: the bridge reads its file, which has one CSV record for each CDR, written by one append. Unlike
 * the JSON format, a mapping exists in every version of Asterisk, quotes every character and never cuts a record.
 */
export function renderCdrCustom(): string {
  return recommendedMapping
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
