import { knownDeviceStates } from '../../contracts/facts.ts'

/*
 * Reads messages of Asterisk's Manager Interface about queues. Source: app_queue.c of Asterisk 16 to 22. The answers to
 * `QueueStatus` and the events of class `agent` name the same fields, some of them otherwise.
 */

export type AmiHeaders = ReadonlyMap<string, string>

export interface MemberReport {
  interface: string
  name: string
  stateInterface: string
  /** Asterisk's device state. */
  state: string
  isPaused: boolean
  pausedReason: string
  /** Unix seconds; 0 if never. */
  pausedAt: number
  penalty: number
  callsTaken: number
  /** Unix seconds; 0 if never. */
  lastCallAt: number
  membership: 'static' | 'dynamic' | 'realtime'
}
export interface CallerReport {
  uniqueid: string
  position: number
  number: string
  name: string
  /** How long the caller has waited; 0 for one who has just come. */
  waitedMs: number
}
export type QueueMessage =
  | { kind: 'queue'; queue: string; strategy: string }
  | { kind: 'member'; queue: string; member: MemberReport }
  | { kind: 'member-gone'; queue: string; interface: string }
  | { kind: 'caller'; queue: string; caller: CallerReport }
  | { kind: 'caller-gone'; queue: string; uniqueid: string }
  /** A call of a member has ended: its figures change without another event. */
  | { kind: 'figures'; queue: string }
  | { kind: 'malformed' }

/** Messages of the list that answers `QueueStatus`. */
const listed = { QueueParams: 'queue', QueueMember: 'member', QueueEntry: 'caller' } as const
/** Events, in Asterisk 11 also `QueueMemberPaused`. Each event about a member repeats everything about it. */
const events = {
  QueueMemberAdded: 'member',
  QueueMemberStatus: 'member',
  QueueMemberPause: 'member',
  QueueMemberPaused: 'member',
  QueueMemberPenalty: 'member',
  QueueMemberRinginuse: 'member',
  QueueMemberRemoved: 'member-gone',
  QueueCallerJoin: 'caller',
  QueueCallerLeave: 'caller-gone',
  QueueCallerAbandon: 'caller-gone',
  AgentComplete: 'figures',
} as const
const listNames: ReadonlyMap<string, QueueMessage['kind']> = new Map(Object.entries(listed))
const eventNames: ReadonlyMap<string, QueueMessage['kind']> = new Map(Object.entries(events))

/** Reads one message of a list; undefined for another message. */
export function readListed(headers: AmiHeaders): QueueMessage | undefined {
  return read(listNames.get(headers.get('event') ?? ''), headers)
}

/** Reads an event; undefined for another message. */
export function readQueueEvent(headers: AmiHeaders): QueueMessage | undefined {
  return read(eventNames.get(headers.get('event') ?? ''), headers)
}

function read(kind: QueueMessage['kind'] | undefined, headers: AmiHeaders): QueueMessage | undefined {
  if (kind === undefined) return undefined
  const text = (...names: string[]) => names.map((name) => headers.get(name)).find((one) => one) ?? ''
  const queue = text('queue')
  const uniqueid = text('uniqueid')
  const face = text('interface', 'location')
  if (queue === '') return { kind: 'malformed' }
  switch (kind) {
    case 'queue':
      return { kind, queue, strategy: text('strategy') }
    case 'member':
      return face === '' ? { kind: 'malformed' } : { kind, queue, member: readMember(face, text) }
    case 'member-gone':
      return face === '' ? { kind: 'malformed' } : { kind, queue, interface: face }
    case 'caller':
      return uniqueid === '' ? { kind: 'malformed' } : { kind, queue, caller: readCaller(uniqueid, text) }
    case 'caller-gone':
      return uniqueid === '' ? { kind: 'malformed' } : { kind, queue, uniqueid }
    case 'figures':
      return { kind, queue }
    default:
      return undefined
  }
}

type Text = (...names: string[]) => string

function readMember(face: string, text: Text): MemberReport {
  const membership = text('membership')
  const status = text('status')
  return {
    interface: face,
    name: text('membername', 'name') || face,
    stateInterface: text('stateinterface'),
    // The list has the order of `ast_device_state` in devicestate.h.
    state: knownDeviceStates[Number(status)] ?? 'UNKNOWN',
    isPaused: text('paused') === '1',
    pausedReason: text('pausedreason', 'reason'),
    pausedAt: count(text('lastpause')),
    penalty: count(text('penalty')),
    callsTaken: count(text('callstaken')),
    lastCallAt: count(text('lastcall')),
    membership: membership === 'dynamic' || membership === 'realtime' ? membership : 'static',
  }
}

function readCaller(uniqueid: string, text: Text): CallerReport {
  return {
    uniqueid,
    position: Math.max(1, count(text('position'))),
    number: known(text('calleridnum')),
    name: known(text('calleridname')),
    waitedMs: waitedMsOf(text('wait')),
  }
}

/** Nobody waits for a month: a greater number is an error, and would make a date that no clock has. */
const waitedSecondsMax = 31 * 86_400

function waitedMsOf(text: string): number {
  const seconds = count(text)
  return seconds > waitedSecondsMax ? 0 : seconds * 1000
}

/** Asterisk writes `unknown` in a list and `<unknown>` in an event for a caller without number or name. */
function known(text: string): string {
  return text === 'unknown' || text === '<unknown>' ? '' : text
}

/** Returns 0 for a text that is no count, so that one odd field costs only itself. */
function count(text: string): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : 0
}
