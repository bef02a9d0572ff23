import * as v from 'valibot'
import { CallEvent, EndpointEvent, GapEvent, QueueEvent } from '../contracts/events.ts'
import { CallState } from '../contracts/facts.ts'
import type { LateFact } from './forward/late-facts.ts'
import type { PbxState } from './normalise/pbx-state.ts'
import type { Publication } from './normalise/stamp.ts'

const LateCall = v.looseObject({ data: CallState })

/** Returns the current state of what a late fact was about. */
export function currentFact(state: PbxState, { type, subject, line }: LateFact): Publication | undefined {
  if (type === EndpointEvent.entries.type.literal) {
    const endpoint = state.endpoints.get(subject)
    return endpoint && { kind: 'endpoint', state: endpoint }
  }
  if (type === QueueEvent.entries.type.literal) {
    const part = state.queues.current(subject, v.parse(QueueEvent, JSON.parse(line)).data)
    return part && { kind: 'queue', id: subject, state: part }
  }
  if (type === GapEvent.entries.type.literal) return { kind: 'gap', state: v.parse(GapEvent, JSON.parse(line)).data }
  if (type !== CallEvent.entries.type.literal) return undefined
  const live = state.calls.get(subject)
  if (live) return state.callFact(live)
  // An ended call is published again. A call that is neither live nor ended belongs to an earlier epoch, which the cloud has ended.
  const last = v.parse(LateCall, JSON.parse(line)).data
  return last.state === 'ended' ? state.callFact(last) : undefined
}
