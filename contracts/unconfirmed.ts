import type { CallState, EndpointState } from './facts.ts'
import type { QueuePart } from './queues.ts'

/** Returns an endpoint as it is known while the PBX is down since `since`: not at all. Settings of its user stay. */
export function unconfirmedEndpoint(state: EndpointState, since: string): EndpointState {
  return { ...state, deviceState: 'UNKNOWN', reachability: 'unknown', since, confirmed: false }
}

/** Returns a call as it is known while the PBX is down. A call that had ended before is certain. */
export function unconfirmedCall(state: CallState): CallState {
  return state.state === 'ended' ? state : { ...state, confirmed: false }
}

/** Returns a part of a queue as it is known while the PBX is down since `since`: nobody knows who is free and who still waits. */
export function unconfirmedQueuePart(part: QueuePart, since: string): QueuePart {
  if (part.part === 'member') return { ...part, state: 'UNKNOWN', since, confirmed: false }
  return part.part === 'caller' ? { ...part, confirmed: false } : part
}
