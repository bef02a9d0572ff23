import type { Cdr } from '../../contracts/cdr.ts'
import {
  bridgeSource,
  type CallEvent,
  type CdrEvent,
  cdrId,
  type EndpointEvent,
  type EpochReadyEvent,
  type ErasedEvent,
  factIdentity,
  type QueueEvent,
} from '../../contracts/events.ts'
import type { CallState } from '../../contracts/facts.ts'
import type { QueuePart } from '../../contracts/queues.ts'

/** Returns events like those of a bridge of `site`, with the current time unless one is given. */
export function endpointFact(
  site: string,
  [epoch, seq]: [number, number],
  resource: string,
  deviceState: string,
  time = new Date().toISOString(),
): EndpointEvent {
  const endpoint = `PJSIP/${resource}`
  const data = { endpoint, technology: 'PJSIP', resource, deviceState, reachability: 'online' as const, since: time }
  return { ...envelope(site, epoch, seq, endpoint, time), k: seq, type: 'switchhook.endpoint.v1', data }
}

export function callFact(
  site: string,
  [epoch, seq]: [number, number],
  call: string,
  state: CallState['state'],
  time = new Date().toISOString(),
): CallEvent {
  const caller = { number: '60', name: 'Phone 60', endpoint: 'PJSIP/5860' }
  const callees = [{ number: '61', name: 'Phone 61', endpoint: 'PJSIP/5861' }]
  const data = { call, state, caller, dialled: '61', callees, startedAt: time }
  return { ...envelope(site, epoch, seq, call, time), k: seq, type: 'switchhook.call.v1', data }
}

export function queueFact(site: string, [epoch, seq]: [number, number], id: string, data: QueuePart): QueueEvent {
  const time = new Date().toISOString()
  return { ...envelope(site, epoch, seq, id, time), k: seq, type: 'switchhook.queue.v1', data }
}

export function epochReady(
  site: string,
  [epoch, seq]: [number, number],
  data: { liveCalls: string[]; endpoints: string[]; queues?: string[] },
): EpochReadyEvent {
  const time = new Date().toISOString()
  return {
    ...envelope(site, epoch, seq, site, time),
    type: 'switchhook.epoch-ready.v1',
    data: { run: 'test', ...data },
  }
}

export function cdrEvent(site: string, cdr: Cdr): CdrEvent {
  const time = new Date().toISOString()
  const attributes = { specversion: '1.0' as const, source: bridgeSource(site), subject: cdr.linkedid, time }
  return { ...attributes, id: cdrId(site, cdr), type: 'switchhook.cdr.v1', data: { cdr } }
}

function envelope(site: string, epoch: number, seq: number, subject: string, time: string) {
  return { specversion: '1.0' as const, source: bridgeSource(site), subject, time, ...factIdentity(site, epoch, seq) }
}

/** The bridge's confirmation that its folder no longer holds an erased number. */
export function erasedEvent(site: string, erasure: string, removed: Record<string, number> = {}): ErasedEvent {
  return {
    specversion: '1.0',
    id: `${site}/erased/${erasure}`,
    source: bridgeSource(site),
    subject: erasure,
    type: 'switchhook.erased.v1',
    time: new Date().toISOString(),
    data: { erasure, removed },
  }
}
