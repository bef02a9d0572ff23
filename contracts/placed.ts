import * as v from 'valibot'

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

/** How a placed call ended. The call's CDR corrects `unknown` when it arrives. */
export const PlacedResult = v.picklist([
  'answered',
  'busy',
  'no-answer',
  'refused',
  'unreachable',
  'cancelled',
  'expired',
  'failed',
  'unknown',
])
export type PlacedResult = v.InferOutput<typeof PlacedResult>

/** Whole state of a placed call, which the facts of the call carry. `cause` is a Q.850 code, `sipCode` a SIP code (RFC 3261). */
export const Placed = v.looseObject({
  stage: PlacedStage,
  result: v.optional(PlacedResult),
  cause: v.optional(v.number()),
  sipCode: v.optional(v.number()),
})
export type Placed = v.InferOutput<typeof Placed>
