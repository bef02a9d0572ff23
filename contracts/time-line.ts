import * as v from 'valibot'
import { CallProgress, Party } from './facts.ts'
import { Timestamp } from './names.ts'
import { Placed } from './placed.ts'
import { Version } from './version.ts'

/** One state of a call, and when word of it passed each hop: made in the bridge, taken by the queue, stored. */
export const TimeLineEntry = v.looseObject({
  v: Version,
  at: Timestamp,
  state: CallProgress,
  callees: v.array(Party),
  cause: v.optional(v.number()),
  mergedInto: v.optional(v.string()),
  /** Of a call that the API placed. */
  placed: v.optional(Placed),
  hops: v.looseObject({
    lane: v.picklist(['live', 'records']),
    bridge: Timestamp,
    queue: Timestamp,
    function: Timestamp,
  }),
})
export type TimeLineEntry = v.InferOutput<typeof TimeLineEntry>

/** `GET /v1/sites/{site}/calls/{id}/events`, oldest first. Kept 30 days. */
export const TimeLine = v.looseObject({ call: v.string(), events: v.array(TimeLineEntry) })
export type TimeLine = v.InferOutput<typeof TimeLine>
