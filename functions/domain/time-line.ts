import type { BridgeEvent } from '../../contracts/events.ts'
import type { TimeLineEntry } from '../../contracts/time-line.ts'

/** What one SQS message tells of calls, with when it passed where. All in Unix milliseconds. */
export interface Passage {
  lane: 'live' | 'records'
  sentAt: number
  handledAt: number
  events: Iterable<BridgeEvent>
}

/** Every fact of a call, won or lost, by call, oldest first. One list is one item, so it costs a write unit or two. */
export function timeLineEntries(passages: Iterable<Passage>): Map<string, TimeLineEntry[]> {
  const byCall = new Map<string, TimeLineEntry[]>()
  for (const { lane, sentAt, handledAt, events } of passages) {
    for (const event of events) {
      if (event.type !== 'switchhook.call.v1') continue
      const { call, state, callees, cause, mergedInto, placed } = event.data
      const entry: TimeLineEntry = {
        v: event.v,
        at: event.time,
        state,
        callees: callees.slice(0, calleesMax),
        ...(cause !== undefined && { cause }),
        ...(mergedInto !== undefined && { mergedInto }),
        ...(placed !== undefined && { placed }),
        hops: { lane, bridge: event.time, queue: iso(sentAt), function: iso(handledAt) },
      }
      byCall.set(call, [...(byCall.get(call) ?? []), entry])
    }
  }
  for (const entries of byCall.values()) entries.sort((a, b) => (a.v < b.v ? -1 : 1))
  return byCall
}

/** A fork to more phones shows the first of them: an item stays near a kilobyte. */
const calleesMax = 8

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
