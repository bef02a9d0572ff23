import type { CallState, EndpointState, Party } from '../../contracts/facts.ts'
import type { CallEntity, EndpointEntity, Entity, EntityTopic, QueueEntity } from '../../contracts/frames.ts'
import type { QueueCallerPart, QueueMemberPart, QueuePart } from '../../contracts/queues.ts'
import { formatVersion } from '../../contracts/version.ts'
import type { PresenceRow } from '../../functions/stores/presence.ts'

/** What a viewer may not see. Two of them have the same length and the same last two digits, which are shown. */
export interface Secret {
  number: string
  name: string
}
export const secrets: readonly [Secret, Secret] = [
  { number: '0612345678', name: 'Anna Canary' },
  { number: '0698765478', name: 'Otto Canary' },
]

const epoch = 1_795_500_000
const since = '2026-11-24T08:00:00.000Z'
const phone = (n: number): Party => ({ number: String(n), name: `Phone ${n}`, endpoint: `PJSIP/58${n}` })

/** The states of endpoints that have the secret in each place where a person's number or name can be. */
export function endpointStates({ number, name }: Secret): EndpointState[] {
  const forward = { target: number, since }
  const state = (resource: string, more: Partial<EndpointState>): EndpointState => {
    const endpoint = `PJSIP/${resource}`
    const device = { deviceState: 'NOT_INUSE', reachability: 'online' as const, since, forwardable: true }
    return { endpoint, technology: 'PJSIP', resource, number: resource.slice(2), ...device, ...more }
  }
  return [
    state('5860', {}),
    state('5861', { name }),
    state('5862', { forward }),
    state('5863', { forwardBusy: forward }),
    state('5864', { forwardNoAnswer: forward }),
    state('5865', { forwardUnavailable: forward }),
  ]
}

/** The states of calls that have the secret in each place, one place a call. */
export function callStates({ number, name }: Secret): CallState[] {
  const secret: Party = { number, name }
  const state = (id: string, more: Partial<CallState>): CallState => {
    const common = { state: 'answered' as const, caller: phone(60), dialled: '61', callees: [phone(61)] }
    return { call: id, since, startedAt: since, ...common, ...more }
  }
  return [
    state('of-nobody', {}),
    state('caller', { caller: secret }),
    state('caller-name', { caller: { ...phone(60), name } }),
    state('dialled', { dialled: number }),
    state('callee', { callees: [phone(61), secret] }),
    state('former', { former: [secret] }),
    state('answered-by', { answeredBy: secret }),
  ]
}

/** A queue with members and callers that have the secret in each place. Between the two names in the order of names is a third. */
export function queueParts({ number, name }: Secret): [id: string, QueuePart][] {
  const member = (n: number, more: Partial<QueueMemberPart>): [string, QueuePart] => {
    const state = { name: `Berta ${n}`, interface: `PJSIP/58${60 + n}`, state: 'NOT_INUSE', since }
    const common = { penalty: 0, callsTaken: 0, membership: 'dynamic' as const }
    return [`400/members/${n}`, { part: 'member', queue: '400', ...state, ...common, ...more }]
  }
  const caller = (n: number, more: Partial<QueueCallerPart>): [string, QueuePart] => {
    const party = { number: '60', name: 'Phone 60', ...more }
    return [`400/callers/${n}`, { part: 'caller', queue: '400', uniqueid: `pbx1-${n}.1`, position: n, since, ...party }]
  }
  return [
    ['400', { part: 'queue', queue: '400', strategy: 'ringall' }],
    member(1, {}),
    member(2, { name }),
    member(3, { interface: `Local/${number}@from-queue/n` }),
    member(4, { extension: number }),
    member(5, { stateInterface: `hint:${number}@ext-local` }),
    member(6, { paused: { reason: `calls ${name}`, since } }),
    caller(1, {}),
    caller(2, { number }),
    caller(3, { name }),
  ]
}

export function entitiesOf(secret: Secret, topic: EntityTopic): Entity[] {
  const version = (n: number) => ({ v: formatVersion(epoch, n + 1), r: 0 })
  if (topic === 'queues') return queueParts(secret).map(([id, state], n): QueueEntity => ({ id, ...version(n), state }))
  if (topic === 'calls')
    return callStates(secret).map((state, n): CallEntity => ({ id: state.call, ...version(n), state }))
  return endpointStates(secret).map((state, n): EndpointEntity => ({ id: state.endpoint, ...version(n), state }))
}

/** The stored rows of a site, written at `w`, with one call that has ended and is kept with its last state. */
export function rowsOf(secret: Secret, topic: EntityTopic, w: number): PresenceRow[] {
  const live = entitiesOf(secret, topic).map((entity): PresenceRow => {
    const { id, v, r } = entity
    return { id, v, r, w, entity, ended: false, settledBy: undefined }
  })
  return [...live, ...live.slice(-1).map((row) => ({ ...row, id: 'over', ended: true }))]
}
