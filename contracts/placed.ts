import * as v from 'valibot'

/** How far a call that the API placed has come. `queued` is said by the cloud, all that follows by the bridge. */
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

/** How it ended. `unknown` is corrected by the call's CDR when that comes. */
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

/** The whole state of a placed call, carried by the facts of its call. `cause` is Q.850's, `sipCode` SIP's (RFC 3261). */
export const Placed = v.looseObject({
  stage: PlacedStage,
  result: v.optional(PlacedResult),
  cause: v.optional(v.number()),
  sipCode: v.optional(v.number()),
})
export type Placed = v.InferOutput<typeof Placed>
