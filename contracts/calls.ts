import * as v from 'valibot'
import { CallResult } from './call-result.ts'
import { Cdr } from './cdr.ts'
import { CallProgress, CallState, Party } from './facts.ts'
import { field } from './field.ts'
import { Timestamp } from './names.ts'

/**
 * A call, from the request to place it to the archive: `CallState`, which the bridge reports for a live call, with earlier states
 * for calls placed by API, and with the fields that are known once it has ended. `call` is the linkedid; a call placed by API
 * has its id as linkedid from the start.
 */

/** States of a call. The first five occur only for calls placed by API. */
export const CallStage = v.picklist([
  'queued',
  'sent',
  'ringing-caller',
  'caller-answered',
  'ringing-callee',
  ...CallProgress.options,
])
export type CallStage = v.InferOutput<typeof CallStage>

/** An `inbound` call came over a trunk, an `outbound` call left over one, an `internal` call did neither. */
export const Direction = v.picklist(['internal', 'inbound', 'outbound'])
export type Direction = v.InferOutput<typeof Direction>

const word = v.pipe(v.string(), v.maxLength(300))
const seconds = v.pipe(v.number(), v.integer(), v.minValue(0))

/** One step in the story of a call; `seconds` is how long it took. */
export const StoryStep = v.looseObject({
  at: Timestamp,
  what: v.picklist([
    'called',
    'answered',
    'busy',
    'no-answer',
    'failed',
    'forwarded',
    'transferred',
    'voicemail',
    'parked',
    'retrieved',
  ]),
  who: v.optional(word),
  seconds: v.optional(seconds),
})
export type StoryStep = v.InferOutput<typeof StoryStep>

/** Fields of an ended call, derived from its CDRs. Seconds are whole, as Asterisk counts them. */
const archived = {
  direction: v.optional(Direction),
  result: v.optional(CallResult),
  durationSeconds: v.optional(field(seconds, "From the first channel's start to the last channel's end.")),
  talkSeconds: v.optional(field(seconds, "Asterisk's `billsec`: the caller's talk with people and voicemail.")),
  ringSeconds: v.optional(field(seconds, 'From the start to the answer, or to the end if nobody answered.')),
  answeredBy: v.optional(Party),
  rang: v.optional(field(v.array(Party), 'Phones that rang, each once, in the order in which they did.')),
  trunk: v.optional(field(word, 'The trunk that the call used, as an endpoint: `PJSIP/provider`.')),
  forwardedFrom: v.optional(field(word, 'The dialled extension, which forwarded the call.')),
  transferredTo: v.optional(word),
  story: v.optional(v.array(StoryStep)),
  summary: v.optional(field(v.string(), 'The story in one English sentence.')),
  recordings: v.optional(field(v.array(word), 'File names of recordings, which stay at the site.')),
  accountcode: v.optional(word),
  pbxOffset: v.optional(
    field(word, "The PBX's offset from UTC when the call began, such as `+0100`. All times here are UTC."),
  ),
  legs: v.optional(v.pipe(v.number(), v.integer())),
  cdrs: v.optional(field(v.array(Cdr), 'Its CDRs, oldest first. Only in the answer for one call.')),
}

export const Call = v.looseObject({
  ...CallState.entries,
  state: CallStage,
  ...archived,
  sipCode: v.optional(field(v.number(), 'SIP code of the leg that decided the outcome, if it had one (RFC 3261).')),
  dials: v.optional(
    field(word, 'What Asterisk dials for a call by API: the number in digits, behind the outside prefix of the site.'),
  ),
  metadata: v.optional(field(v.record(v.string(), v.string()), '`metadata` of the request that placed the call.')),
})
export type Call = v.InferOutput<typeof Call>
