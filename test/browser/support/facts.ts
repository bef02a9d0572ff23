import type { Cdr } from '../../../contracts/cdr.ts'
import type { CallState, EndpointState, Party } from '../../../contracts/facts.ts'
import type { CallEntity, EndpointEntity } from '../../../contracts/frames.ts'
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

/** Formats a time as Asterisk writes it in call records: `%FT%T%z`. */
export const moment = (at: Date) => at.toISOString().replace(/\.\d+Z$/, '+0000')

export function cdr(linkedid: string, more: Partial<Cdr> = {}): Cdr {
  const start = moment(new Date())
  return {
    accountcode: '',
    src: '60',
    dst: '61',
    dcontext: 'internes',
    clid: '"Reception" <60>',
    channel: 'PJSIP/5860-00000001',
    dstchannel: 'PJSIP/5861-00000002',
    lastapp: 'Dial',
    lastdata: 'PJSIP/5861,20',
    start,
    answer: start,
    end: start,
    duration: 12,
    billsec: 9,
    disposition: 'ANSWERED',
    amaflags: 'DOCUMENTATION',
    uniqueid: linkedid,
    userfield: '',
    peeraccount: '',
    linkedid,
    sequence: 1,
    ...more,
  }
}
