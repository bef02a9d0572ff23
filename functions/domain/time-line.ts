import type { BridgeEvent } from '../../contracts/events.ts'
import type { TimeLineEntry } from '../../contracts/time-line.ts'

/** The events of one SQS message, and when the queue and the function got it (Unix milliseconds). */
export interface ReceivedMessage {
  lane: 'live' | 'records'
  sentAt: number
  handledAt: number
  events: Iterable<BridgeEvent>
}

/** Returns all facts of calls by call, oldest first. Each list becomes one item, which costs a write unit or two. */
export function timeLineEntries(messages: Iterable<ReceivedMessage>): Map<string, TimeLineEntry[]> {
  const byCall = new Map<string, TimeLineEntry[]>()
  for (const { lane, sentAt, handledAt, events } of messages) {
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

/** Callees of one entry; with more, an item would be far larger than a kilobyte. */
const calleesMax = 8

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
