import { isDeepStrictEqual } from 'node:util'
import { type QueueCallerPart, type QueueMemberPart, type QueuePart, queueTextMax } from '../../contracts/queues.ts'
import type { Endpoints } from './endpoints.ts'
import { extensionOfMember } from './queue-extension.ts'
import type { CallerReport, MemberReport, QueueMessage } from './queue-messages.ts'

/** One entity of a queue with its id: `400`, `400/members/3`, `400/callers/1795460594.14`. */
export interface QueueEntityState {
  id: string
  state: QueuePart
}
export interface QueueChanges {
  changes: QueueEntityState[]
  /** Items left out: a name too long for an id, or more than `partsMax`. */
  leftOut: number
  /** A caller came or left, or a member has another state: an event tells of each. */
  isEventful: boolean
}

/** Longer names do not fit the id of an entity; Asterisk's own limit is 79. */
const nameMax = 100
/** Queues, members and waiting callers together: 20 MB at most. More than any PBX has. */
const partsMax = 20_000

interface Member extends MemberReport {
  /**
   * Number in the entity's id, which must not have the interface: it may be a mobile's number, and an id is shown to readers who
   * may not see numbers.
   */
  slot: number
  since: string
}
interface Caller extends CallerReport {
  since: string
}
interface Queue {
  strategy: string
  members: Map<string, Member>
  /** Slots of members. During `load` also those of members that the list has not named yet. */
  slots: Set<number>
  /** In the order in which they are answered. */
  callers: Caller[]
}

/** The queues of the PBX. Pure: the same messages and times give the same changes. */
export class Queues {
  #queues = new Map<string, Queue>()
  /** What was last returned as changed, by queue and id. */
  readonly #parts = new Map<string, Map<string, QueuePart>>()
  #isKnown = false

  all(): QueueEntityState[] {
    return [...this.#parts.values()].flatMap((parts) => [...parts].map(([id, state]) => ({ id, state })))
  }

  waiting(): QueueEntityState[] {
    return this.all().filter(({ state }) => state.part === 'caller')
  }

  /** Returns what is now of an entity that was once published as `earlier`; undefined while nothing is known. */
  current(id: string, { queue }: QueuePart): QueuePart | undefined {
    if (!this.#isKnown) return undefined
    return this.#parts.get(queue)?.get(id) ?? gone(queue)
  }

  /** Returns the ids of everything there is; undefined while no list was read. */
  ids(): string[] | undefined {
    return this.#isKnown ? this.all().map(({ id }) => id) : undefined
  }

  /** Replaces everything by a complete list of Asterisk, and returns what differs from before. */
  load(list: readonly QueueMessage[], phones: Pick<Endpoints, 'get'>, now: string): QueueChanges {
    const before = this.#queues
    this.#queues = new Map()
    let leftOut = 0
    let room = partsMax
    for (const message of list) {
      if (message.kind === 'malformed') continue
      if (room === 0 || message.queue.length > nameMax) {
        leftOut += 1
        continue
      }
      room -= 1
      if (message.kind !== 'queue') this.#put(message, before.get(message.queue), now)
      else {
        const slots = new Set(before.get(message.queue)?.slots)
        this.#queues.set(message.queue, { strategy: message.strategy, members: new Map(), slots, callers: [] })
      }
    }
    for (const queue of this.#queues.values()) {
      queue.callers.sort((a, b) => a.position - b.position)
      queue.slots = new Set([...queue.members.values()].map(({ slot }) => slot))
    }
    this.#isKnown = true
    const names = new Set([...before.keys(), ...this.#queues.keys()])
    const isEventful = [...names].some((name) => isEventfulChange(before.get(name), this.#queues.get(name)))
    return { changes: [...names].flatMap((name) => this.#changesOf(name, phones)), leftOut, isEventful }
  }

  /** Returns what an event changed. An event about an unknown queue changes nothing: the next list has the queue. */
  apply(message: QueueMessage, phones: Pick<Endpoints, 'get'>, now: string): QueueEntityState[] {
    if (message.kind === 'malformed') return []
    const queue = this.#queues.get(message.queue)
    if (!queue) return []
    if (message.kind === 'member-gone') {
      queue.slots.delete(queue.members.get(message.interface)?.slot ?? 0)
      queue.members.delete(message.interface)
    } else if (message.kind === 'caller-gone')
      queue.callers = queue.callers.filter(({ uniqueid }) => uniqueid !== message.uniqueid)
    else if (queue.members.size + queue.callers.length < partsMax) this.#put(message, queue, now)
    return this.#changesOf(message.queue, phones)
  }

  /** Nothing is known about queues any more: returns the end of everything. `isKnown`: the PBX certainly shows none. */
  clear(isKnown: boolean): QueueEntityState[] {
    this.#queues = new Map()
    this.#isKnown = isKnown
    const ended = this.all().map(({ id, state }) => ({ id, state: gone(state.queue) }))
    this.#parts.clear()
    return ended
  }

  /** `before` is what was known of the queue: it may be the same object. */
  #put(message: Exclude<QueueMessage, { kind: 'malformed' }>, before: Queue | undefined, now: string): void {
    const queue = this.#queues.get(message.queue)
    if (message.kind === 'member' && queue) {
      const known = before?.members.get(message.member.interface)
      const slot = known?.slot ?? freeSlot(queue)
      const since = known?.state === message.member.state ? known.since : now
      queue.slots.add(slot)
      queue.members.set(message.member.interface, { ...message.member, slot, since })
    } else if (message.kind === 'caller' && queue) {
      const { uniqueid, position, waitedMs } = message.caller
      const isSame = (one: Caller) => one.uniqueid === uniqueid
      if (queue.callers.some(isSame)) return
      const since = before?.callers.find(isSame)?.since ?? new Date(Date.parse(now) - waitedMs).toISOString()
      queue.callers.splice(position - 1, 0, { ...message.caller, since })
    }
  }

  /** Returns what has changed in a queue since the last call, and takes it over. */
  #changesOf(name: string, phones: Pick<Endpoints, 'get'>): QueueEntityState[] {
    const parts = partsOf(name, this.#queues.get(name), phones)
    const before = this.#parts.get(name) ?? new Map<string, QueuePart>()
    const ended = [...before.keys()].filter((id) => !parts.has(id)).map((id) => ({ id, state: gone(name) }))
    const changed = [...parts].filter(([id, state]) => !isDeepStrictEqual(before.get(id), state))
    if (parts.size > 0) this.#parts.set(name, parts)
    else this.#parts.delete(name)
    return [...ended, ...changed.map(([id, state]) => ({ id, state }))]
  }
}

function partsOf(name: string, queue: Queue | undefined, phones: Pick<Endpoints, 'get'>): Map<string, QueuePart> {
  const parts = new Map<string, QueuePart>()
  if (!queue) return parts
  parts.set(name, { part: 'queue', queue: name, strategy: cut(queue.strategy) })
  for (const member of queue.members.values())
    parts.set(`${name}/members/${member.slot}`, memberPart(name, member, phones))
  for (const [n, caller] of queue.callers.entries())
    parts.set(`${name}/callers/${cut(caller.uniqueid, nameMax - 20)}`, callerPart(name, caller, n + 1))
  return parts
}

function memberPart(queue: string, member: Member, phones: Pick<Endpoints, 'get'>): QueueMemberPart {
  const extension = extensionOfMember(member, phones)
  const { pausedReason, pausedAt, lastCallAt } = member
  const paused = {
    ...(pausedReason !== '' && { reason: cut(pausedReason) }),
    ...(pausedAt > 0 && { since: time(pausedAt) }),
  }
  return {
    part: 'member',
    queue,
    interface: cut(member.interface),
    name: cut(member.name),
    ...(extension !== undefined && { extension }),
    ...(member.stateInterface !== '' &&
      member.stateInterface !== member.interface && { stateInterface: cut(member.stateInterface) }),
    state: member.state,
    since: member.since,
    ...(member.isPaused && { paused }),
    penalty: member.penalty,
    callsTaken: member.callsTaken,
    ...(lastCallAt > 0 && { lastCallAt: time(lastCallAt) }),
    membership: member.membership,
  }
}

function callerPart(queue: string, { uniqueid, number, name, since }: Caller, position: number): QueueCallerPart {
  return { part: 'caller', queue, uniqueid: cut(uniqueid), position, number: cut(number), name: cut(name), since }
}

function gone(queue: string): QueuePart {
  return { part: 'gone', queue }
}

function isEventfulChange(before: Queue | undefined, after: Queue | undefined): boolean {
  if (!before || !after) return false
  const callers = (queue: Queue) => queue.callers.map(({ uniqueid }) => uniqueid).join(' ')
  const hasOtherState = ({ interface: face, state }: Member) => (before.members.get(face)?.state ?? state) !== state
  return callers(before) !== callers(after) || [...after.members.values()].some(hasOtherState)
}

/** Returns a slot that no member has; it is at most twice the number of members. */
function freeSlot({ members, slots }: Queue): number {
  let slot = members.size + 1
  while (slots.has(slot)) slot += 1
  return slot
}

function cut(text: string, max = queueTextMax): string {
  return text.slice(0, max)
}

/** Seconds of a count that is no time of this age are cut to the greatest one, so that they cost only themselves. */
function time(seconds: number): string {
  return new Date(Math.min(seconds, 253_402_300_799) * 1000).toISOString()
}
