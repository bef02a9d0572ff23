import * as v from 'valibot'
import { Timestamp } from './names.ts'

/** The bridge cuts texts of the PBX at this length. */
export const queueTextMax = 200
const word = v.pipe(v.string(), v.maxLength(queueTextMax))
const count = v.pipe(v.number(), v.integer(), v.minValue(0))

/** A queue of the PBX. Its members and callers are entities of their own, so that a change costs a small fact. */
const Head = v.looseObject({
  part: v.literal('queue'),
  queue: word,
  /** Asterisk's name of the strategy, such as `ringall`. */
  strategy: word,
})

const member = {
  /** Channel that the queue calls, such as `PJSIP/5860` or `Local/60@from-queue/n`. */
  interface: word,
  name: word,
  /** Extension behind the interface; absent if it cannot be found, or if the member is outside the site. */
  extension: v.optional(word),
  /** Device or hint that the queue watches, if it is not the interface itself. */
  stateInterface: v.optional(word),
  /** Asterisk's device state, as an endpoint's `deviceState`. */
  state: word,
  /** Since when the member has this state, as far as the bridge has seen. */
  since: Timestamp,
  /** Set while the member is paused. */
  paused: v.optional(v.looseObject({ reason: v.optional(word), since: v.optional(Timestamp) })),
  penalty: count,
  callsTaken: count,
  lastCallAt: v.optional(Timestamp),
  /** How the member came into the queue. */
  membership: v.picklist(['static', 'dynamic', 'realtime']),
  /** False while the PBX is down. */
  confirmed: v.optional(v.boolean()),
}
const caller = {
  /** `uniqueid` of the caller's channel, which is also the call's id unless the channel was transferred. */
  uniqueid: word,
  /** 1 is the next caller to be answered. */
  position: v.pipe(v.number(), v.integer(), v.minValue(1)),
  number: word,
  name: word,
  /** Since when the caller waits. */
  since: Timestamp,
  /** False while the PBX is down: the caller may have left. */
  confirmed: v.optional(v.boolean()),
}
const Member = v.looseObject({ part: v.literal('member'), queue: word, ...member })
const Caller = v.looseObject({ part: v.literal('caller'), queue: word, ...caller })
/** A queue, member or caller that no longer exists. It repeats nothing of what the entity was. */
const Gone = v.looseObject({ part: v.literal('gone'), queue: word })

/** Whole state of one queue, one member of a queue, or one waiting caller, after a change. */
export const QueuePart = v.variant('part', [Head, Member, Caller, Gone])
export type QueuePart = v.InferOutput<typeof QueuePart>
export type QueueMemberPart = v.InferOutput<typeof Member>
export type QueueCallerPart = v.InferOutput<typeof Caller>

export const QueueMember = v.looseObject(member)
export const QueueCaller = v.looseObject(caller)
/** A queue with its members, by penalty and name, and its waiting callers, by position. */
export const Queue = v.looseObject({
  queue: word,
  strategy: word,
  waiting: count,
  /** Since when the caller waits who has waited longest. */
  longestWaitSince: v.optional(Timestamp),
  members: v.array(QueueMember),
  callers: v.array(QueueCaller),
})
export type QueueMember = v.InferOutput<typeof QueueMember>
export type QueueCaller = v.InferOutput<typeof QueueCaller>
export type Queue = v.InferOutput<typeof Queue>
