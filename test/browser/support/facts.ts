import type { Call } from '../../../contracts/calls.ts'
import type { CallState, EndpointState, Party } from '../../../contracts/facts.ts'
import type { CallEntity, EndpointEntity, QueueEntity } from '../../../contracts/frames.ts'
import type { QueueCallerPart, QueueMemberPart, QueuePart } from '../../../contracts/queues.ts'
import { formatVersion } from '../../../contracts/version.ts'

/** Builds facts for a test, which gives only the fields that it checks. */
export const epoch = 1_795_500_000
let seq = 0
export const nextVersion = () => formatVersion(epoch, ++seq)

export function endpointState(resource: string, deviceState: string, more: Partial<EndpointState> = {}): EndpointState {
  return {
    endpoint: `PJSIP/${resource}`,
    technology: 'PJSIP',
    resource,
    deviceState,
    reachability: deviceState === 'UNAVAILABLE' ? 'offline' : deviceState === 'UNKNOWN' ? 'unknown' : 'online',
    since: new Date().toISOString(),
    ...more,
  }
}

export function endpoint(resource: string, deviceState: string, more: Partial<EndpointState> = {}): EndpointEntity {
  const state = endpointState(resource, deviceState, more)
  return { id: state.endpoint, v: nextVersion(), r: 0, state }
}

export const party = (number: string, name: string, resource?: string): Party => ({
  number,
  name,
  ...(resource && { endpoint: `PJSIP/${resource}` }),
})

export function call(id: string, state: CallState['state'], more: Partial<CallState> = {}): CallEntity {
  const fact: CallState = {
    call: id,
    state,
    caller: party('60', 'Reception', '5860'),
    dialled: '61',
    callees: [party('61', 'Workshop', '5861')],
    startedAt: new Date().toISOString(),
    ...more,
  }
  return { id, v: nextVersion(), r: 0, state: fact }
}

export function queuePart(id: string, state: QueuePart): QueueEntity {
  return { id, v: nextVersion(), r: 0, state }
}

export function queueMember(number: string, more: Partial<QueueMemberPart> = {}): QueueEntity {
  return queuePart(`400/members/${number}`, {
    part: 'member',
    queue: '400',
    interface: `Local/${number}@from-queue/n`,
    name: `Desk ${number}`,
    extension: number,
    state: 'NOT_INUSE',
    since: new Date().toISOString(),
    penalty: 0,
    callsTaken: 0,
    membership: 'static',
    ...more,
  })
}

export function queueCaller(position: number, waitedMs: number, more: Partial<QueueCallerPart> = {}): QueueEntity {
  return queuePart(`400/callers/1.${position}`, {
    part: 'caller',
    queue: '400',
    uniqueid: `1.${position}`,
    position,
    number: '0612345678',
    name: '',
    since: new Date(Date.now() - waitedMs).toISOString(),
    ...more,
  })
}

/** An ended call as the call log has it. */
export function endedCall(id: string, more: Partial<Call> = {}): Call {
  return {
    call: id,
    state: 'ended',
    caller: party('60', 'Reception', '5860'),
    dialled: '61',
    callees: [party('61', 'Workshop', '5861')],
    startedAt: new Date().toISOString(),
    result: 'answered',
    durationSeconds: 12,
    talkSeconds: 9,
    legs: 1,
    ...more,
  }
}
