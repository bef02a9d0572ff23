import * as v from 'valibot'
import { CallEvent, EndpointEvent, GapEvent, QueueEvent } from '../contracts/events.ts'
import { CallState } from '../contracts/facts.ts'
import type { LateFact } from './forward/late-facts.ts'
import type { PbxState } from './normalise/pbx-state.ts'
import type { Publication } from './normalise/stamp.ts'

const LateCall = v.looseObject({ data: CallState })

/** Returns the current state of what a late fact was about; undefined also for one that another version of this program wrote otherwise. */
export function currentFact(state: PbxState, { type, subject, line }: LateFact): Publication | undefined {
  if (type === EndpointEvent.entries.type.literal) {
    const endpoint = state.endpoints.get(subject)
    return endpoint && { kind: 'endpoint', state: endpoint }
  }
  if (type === QueueEvent.entries.type.literal) {
    const last = v.safeParse(QueueEvent, JSON.parse(line))
    const part = last.success ? state.queues.current(subject, last.output.data) : undefined
    return part && { kind: 'queue', id: subject, state: part }
  }
  if (type === GapEvent.entries.type.literal) {
    const gap = v.safeParse(GapEvent, JSON.parse(line))
    return gap.success ? { kind: 'gap', state: gap.output.data } : undefined
  }
  if (type !== CallEvent.entries.type.literal) return undefined
  const live = state.calls.get(subject)
  if (live) return state.callFact(live)
  // An ended call is published again. A call that is neither live nor ended belongs to an earlier epoch, which the cloud has ended.
  const last = v.safeParse(LateCall, JSON.parse(line))
  return last.success && last.output.data.state === 'ended' ? state.callFact(last.output.data) : undefined
}
