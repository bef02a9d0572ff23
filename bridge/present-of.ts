import * as v from 'valibot'
import { CallEvent, EndpointEvent, GapEvent } from '../contracts/events.ts'
import { CallState } from '../contracts/facts.ts'
import type { PbxState } from './normalise/pbx-state.ts'
import type { Telling } from './normalise/stamp.ts'

const endpointType = EndpointEvent.entries.type.literal
const callType = CallEvent.entries.type.literal
const gapType = GapEvent.entries.type.literal
const LateCall = v.looseObject({ data: CallState })

/** What is now of that which a late fact told of; `line` is the fact as it was written. */
export function presentOf(pbx: PbxState, type: string, subject: string, line: string): Telling | undefined {
  if (type === endpointType) {
    const state = pbx.endpoints.get(subject)
    return state && { kind: 'endpoint', state }
  }
  if (type === gapType) return { kind: 'gap', state: v.parse(GapEvent, JSON.parse(line)).data }
  if (type !== callType) return undefined
  const live = pbx.calls.get(subject)
  if (live) return { kind: 'call', state: live }
  // Ended since: its end is told again. One that is neither live nor ended is of an earlier epoch, which `ready` ended.
  const last = v.parse(LateCall, JSON.parse(line)).data
  return last.state === 'ended' ? { kind: 'call', state: last } : undefined
}
