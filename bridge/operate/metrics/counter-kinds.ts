/**
 * The kinds of counters. Each is a counter of Prometheus, `switchhook_bridge_KIND_total`, whose label `event` is the counter's id, so
 * that the sum of a kind means something.
 */
export const counterKinds = {
  sent_messages: 'Messages that SQS has accepted.',
  sent_call_records: 'Call records that SQS has accepted.',
  dropped: 'Facts and events that were dropped or left out.',
  duplicates: 'Commands that came a second time, and were not executed again.',
  gaps: 'Periods for which events of Asterisk may be missing.',
  retries: 'Sends and polls that failed, and are tried again.',
  quarantined: 'Inputs and bodies that cannot be used, and that the quarantine keeps.',
  repaired: 'Inputs of Asterisk of which a field was cut, left out or replaced.',
  disconnects: 'Connections that were lost, or that could not be made.',
  refusals: 'Requests that Asterisk or the configuration refuses.',
  disk_errors: 'Reads and writes of the disk that failed, and are tried again.',
  commands: 'Commands of the cloud, by what became of them.',
  menus: 'Callers of voice menus, and what failed for them.',
  work: 'Other work that was done or failed.',
} as const
export type CounterKind = keyof typeof counterKinds
const isKind = (name: string): name is CounterKind => Object.hasOwn(counterKinds, name)
export const kindsOfCounters = Object.keys(counterKinds).filter(isKind)

/** `means`: what was counted. `action`: what a person does if it grows. */
export interface CounterEntry {
  kind: CounterKind
  means: string
  action: string
}

const nothing = 'Nothing.'

/** Returns an entry; without `action`, a growing counter is no fault. */
export const entry = <const K extends CounterKind>(kind: K, means: string, action = nothing) => ({
  kind,
  means,
  action,
})
