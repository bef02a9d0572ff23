import * as v from 'valibot'
import { Cdr } from './cdr.ts'
import { CallProgress, CallState, Party } from './facts.ts'
import { Timestamp } from './names.ts'

/**
 * The one shape of a call, from the request to ring it to the archive. It is `CallState` (what the bridge tells of a
 * live call) with more states before it, for calls that the API asked for, and with what is known once it has ended.
 * `call` is the linkedid; the API's own calls have their id as linkedid from the start.
 */

/** Where a call is. The first five are of calls placed by the API, the others Asterisk's own. */
export const CallStage = v.picklist([
  'queued',
  'sent',
  'ringing-caller',
  'caller-answered',
  'ringing-callee',
  ...CallProgress.options,
])
export type CallStage = v.InferOutput<typeof CallStage>

/** How an ended call went, from the caller's side. `expired` and `unknown` are of calls placed by the API alone. */
export const CallResult = v.picklist([
  'answered',
  'voicemail',
  'busy',
  'no-answer',
  'refused',
  'unreachable',
  'cancelled',
  'expired',
  'failed',
  'unknown',
])
export type CallResult = v.InferOutput<typeof CallResult>

/** `inbound` came over a trunk, `outbound` left over one, `internal` did neither. */
export const Direction = v.picklist(['internal', 'inbound', 'outbound'])
export type Direction = v.InferOutput<typeof Direction>

const word = v.pipe(v.string(), v.maxLength(300))
const seconds = v.pipe(v.number(), v.integer(), v.minValue(0))

/** One thing that happened to a call, as a person would tell it; `seconds` is how long it took. */
export const StoryStep = v.looseObject({
  at: Timestamp,
  what: v.picklist(['called', 'answered', 'busy', 'no-answer', 'failed', 'forwarded', 'transferred', 'voicemail']),
  who: v.optional(word),
  seconds: v.optional(seconds),
})
export type StoryStep = v.InferOutput<typeof StoryStep>

/** Known of an ended call from its CDRs, all of it derived. Seconds are whole, as Asterisk counts them. */
const archived = {
  direction: v.optional(Direction),
  result: v.optional(CallResult),
  /** From the first channel's start to the last one's end. */
  durationSeconds: v.optional(seconds),
  /** Asterisk's `billsec` of the caller's own talk, to people and to voicemail. */
  talkSeconds: v.optional(seconds),
  /** From the start to the answer, or to the end where nobody answered. */
  ringSeconds: v.optional(seconds),
  answeredBy: v.optional(Party),
  /** The extension that was dialled and sent the call elsewhere. */
  forwardedFrom: v.optional(word),
  transferredTo: v.optional(word),
  story: v.optional(v.array(StoryStep)),
  /** The story in one English sentence. */
  summary: v.optional(v.string()),
  /** File names of recordings; the media stay at the site. */
  recordings: v.optional(v.array(word)),
  accountcode: v.optional(word),
  /** The PBX's offset from UTC when the call began, `+0100`. Every time here is UTC. */
  pbxOffset: v.optional(word),
  legs: v.optional(v.pipe(v.number(), v.integer())),
  /** The CDRs, oldest first; of one call asked for by its id, and where `fields` asks for them. */
  cdrs: v.optional(v.array(Cdr)),
}

export const Call = v.looseObject({
  ...CallState.entries,
  state: CallStage,
  ...archived,
  /** SIP's code of the leg that decided, where there was one (RFC 3261). */
  sipCode: v.optional(v.number()),
  /** What the API's caller gave along when it asked for the call. */
  metadata: v.optional(v.record(v.string(), v.string())),
})
export type Call = v.InferOutput<typeof Call>
