import * as v from 'valibot'
import { CallResult } from './call-result.ts'

/** Stages of a call placed by API. The cloud sets `queued`; the bridge reports the others. */
export const PlacedStage = v.picklist([
  'queued',
  'sent',
  'ringing-caller',
  'caller-answered',
  'ringing-callee',
  'answered',
  'ended',
])
export type PlacedStage = v.InferOutput<typeof PlacedStage>

/** The words of every call. The bridge reports all but `voicemail`; the call's CDRs correct what it cannot know. */
export const PlacedResult = CallResult
export type PlacedResult = CallResult

/** Whole state of a placed call, which the facts of the call carry. `cause` is a Q.850 code, `sipCode` a SIP code (RFC 3261). */
export const Placed = v.looseObject({
  stage: PlacedStage,
  result: v.optional(PlacedResult),
  cause: v.optional(v.number()),
  sipCode: v.optional(v.number()),
})
export type Placed = v.InferOutput<typeof Placed>
