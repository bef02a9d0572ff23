import * as v from 'valibot'
import { CallProgress, Party } from './facts.ts'
import { Timestamp } from './names.ts'
import { Placed } from './placed.ts'
import { Version } from './version.ts'

/** One state of a call, and when its message passed each hop: made in the bridge, accepted by the queue, stored by the function. */
export const TimeLineEntry = v.looseObject({
  v: Version,
  at: Timestamp,
  state: CallProgress,
  callees: v.array(Party),
  cause: v.optional(v.number()),
  mergedInto: v.optional(v.string()),
  /** Present for calls placed by API. */
  placed: v.optional(Placed),
  hops: v.looseObject({
    lane: v.picklist(['live', 'records']),
    bridge: Timestamp,
    queue: Timestamp,
    function: Timestamp,
  }),
})
export type TimeLineEntry = v.InferOutput<typeof TimeLineEntry>

/** States of a call, oldest first. They are kept for 30 days. */
export const TimeLine = v.looseObject({ call: v.string(), events: v.array(TimeLineEntry) })
export type TimeLine = v.InferOutput<typeof TimeLine>
