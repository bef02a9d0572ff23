import { expect, test } from 'vitest'
import { Endpoints } from '../../bridge/normalise/endpoints.ts'
import { Registrations } from '../../bridge/normalise/registrations.ts'
import { callsOn, extensionOf, trunkPresenceOf } from '../../contracts/presence.ts'
import { withTrunk } from '../../functions/domain/site-lines.ts'
import { siteStats } from '../../functions/domain/site-stats.ts'
import { call, endpoint, endpointState, party } from '../browser/support/facts.ts'

const at = (second: number) => `2026-11-24T10:00:0${second}.000Z`
const headers = (fields: Record<string, string>) => new Map(Object.entries(fields))
const detail = (more: Record<string, string>) =>
  headers({
    event: 'OutboundRegistrationDetail',
    objectname: 'provider',
    endpoint: '',
    clienturi: 'sip:account@provider.example',
    serveruri: 'sip:provider.example:5060',
    ...more,
  })
const registry = (status: string) =>
  headers({
    event: 'Registry',
    channeltype: 'PJSIP',
    username: 'sip:account@provider.example',
    domain: 'sip:provider.example:5060',
    status,
  })

function started(earlier?: Endpoints): Endpoints {
  const fresh = new Endpoints()
  const known = ['5860', 'alice', 'provider'].map((resource) => ({ technology: 'PJSIP', resource, state: 'online' }))
  fresh.load(known, [], at(0), earlier)
  return fresh
}

test.each([
  ['Registered', 'registered'],
  ['Unregistered', 'unregistered'],
  ['Rejected', 'rejected'],
  ['Stopped', 'unregistered'],
])('reads the registration state %s of Asterisk as %s, from the list and from an event', (status, state) => {
  const registrations = new Registrations()
  expect(registrations.take(registry(status))).toBeUndefined()
  expect(registrations.take(detail({ status }))).toEqual({ endpoint: 'PJSIP/provider', state })
  expect(registrations.take(registry(status))).toEqual({ endpoint: 'PJSIP/provider', state })
  expect(registrations.take(headers({ event: 'FullyBooted', status }))).toBeUndefined()
})

test('with as many registrations as it keeps, still reads changes of those it knows', () => {
  const registrations = new Registrations()
  const numbered = (n: number, status: string) =>
    registrations.take(detail({ objectname: `t${n}`, clienturi: `sip:${n}@provider.example`, status }))
  for (let n = 0; n < 1_000; n += 1) numbered(n, 'Registered')
  expect(numbered(5, 'Rejected')).toEqual({ endpoint: 'PJSIP/t5', state: 'rejected' })
  expect(numbered(1_000, 'Registered')).toBeUndefined()
})

test('reports once the endpoints that a complete list no longer names, and ignores later events of their registrations', () => {
  const registrations = new Registrations()
  const end = headers({ event: 'OutboundRegistrationDetailComplete' })
  const other = detail({ objectname: 'other', clienturi: 'sip:other@provider.example', status: 'Registered' })
  for (const message of [detail({ status: 'Registered' }), other]) registrations.take(message)
  expect(registrations.takeEnd(end)).toEqual([])
  registrations.take(other)
  expect(registrations.takeEnd(other)).toEqual([])
  expect(registrations.takeEnd(end)).toEqual([{ endpoint: 'PJSIP/provider', state: undefined }])
  expect(registrations.take(registry('Unregistered'))).toBeUndefined()
  registrations.take(other)
  expect(registrations.takeEnd(end)).toEqual([])
})

test('a trunk whose registration was removed is without one, and no trunk unless the configuration says so', () => {
  const phones = started()
  expect(phones.setRegistration('PJSIP/provider', undefined, at(1))).toBeUndefined()
  phones.setRegistration('PJSIP/provider', 'registered', at(1))
  expect(phones.setRegistration('PJSIP/provider', undefined, at(2))?.trunk).toEqual({})
  expect(phones.setRegistration('PJSIP/provider', undefined, at(3))).toBeUndefined()
  phones.describe([{ endpoint: 'PJSIP/provider', number: undefined, name: undefined, isTrunk: false }])
  expect(phones.get('PJSIP/provider')?.trunk).toBeUndefined()
})

test('identifies a trunk by the endpoint that its registration names, not by the registration’s own name', () => {
  const registrations = new Registrations()
  const report = registrations.take(detail({ objectname: 'reg-1', endpoint: 'provider', status: 'Registered' }))
  expect(report?.endpoint).toBe('PJSIP/provider')
})

test('an endpoint without a number is a trunk if the configuration says so or it registers; a phone with a number never is', () => {
  const phones = started()
  const described = phones.describe([
    { endpoint: 'PJSIP/5860', number: '60', name: 'Anne', isTrunk: false },
    { endpoint: 'PJSIP/alice', number: '61', name: 'Alice', isTrunk: false },
    { endpoint: 'PJSIP/provider', number: undefined, name: undefined, isTrunk: true },
  ])
  expect(described.map(({ endpoint, trunk }) => [endpoint, trunk])).toEqual([
    ['PJSIP/5860', undefined],
    ['PJSIP/alice', undefined],
    ['PJSIP/provider', {}],
  ])
  expect(phones.setRegistration('PJSIP/alice', 'registered', at(1))).toBeUndefined()
  expect(phones.setRegistration('PJSIP/gone', 'registered', at(1))).toBeUndefined()
  const registered = phones.setRegistration('PJSIP/provider', 'registered', at(1))
  expect(registered?.trunk).toEqual({ registration: { state: 'registered', since: at(1) } })
  expect(phones.setRegistration('PJSIP/provider', 'registered', at(2))).toBeUndefined()
  const again = started(phones)
  expect(again.get('PJSIP/provider')?.trunk).toEqual(registered?.trunk)
  again.describe([{ endpoint: 'PJSIP/provider', number: '70', name: undefined, isTrunk: false }])
  expect(again.get('PJSIP/provider')?.trunk).toBeUndefined()
})

test('the settings of the site decide which endpoints are trunks, and otherwise the bridge does', () => {
  const recognised = endpointState('provider', 'NOT_INUSE', { trunk: {} })
  const plain = endpointState('box', 'NOT_INUSE')
  const phone = endpointState('5860', 'NOT_INUSE', { trunk: {} })
  const isTrunk = (state: typeof plain, trunks: string[]) =>
    withTrunk(state, { trunks: new Set(trunks), ranges: [], numbers: new Map() }).trunk !== undefined
  expect([isTrunk(recognised, []), isTrunk(plain, []), isTrunk(phone, [])]).toEqual([true, false, false])
  expect([isTrunk(recognised, ['PJSIP/box']), isTrunk(plain, ['PJSIP/box'])]).toEqual([false, true])
  expect(isTrunk(phone, ['PJSIP/5860'])).toBe(true)
})

test('a trunk is nobody’s extension and not in the counts of phones', () => {
  const trunk = endpoint('provider', 'INUSE', { trunk: {} })
  expect(extensionOf(trunk.state)).toBeUndefined()
  const rows = [trunk, endpoint('5860', 'NOT_INUSE')].map((entity) => ({ entity, ended: false }))
  expect(siteStats(rows, []).presence).toEqual({ available: 1 })
})

const registration = (state: 'registered' | 'unregistered' | 'rejected') => ({ registration: { state, since: at(3) } })
test.each([
  ['online', undefined, 'up', at(2)],
  ['offline', undefined, 'down', at(2)],
  ['unknown', undefined, 'unknown', at(2)],
  ['online', 'registered', 'up', at(3)],
  ['unknown', 'registered', 'up', at(3)],
  ['offline', 'registered', 'down', at(2)],
  ['online', 'unregistered', 'down', at(3)],
  ['online', 'rejected', 'down', at(3)],
] as const)('a trunk that is %s with the registration %s is %s', (reachability, state, word, since) => {
  const trunk = state ? registration(state) : {}
  const shown = trunkPresenceOf(
    endpointState('provider', 'NOT_INUSE', { reachability, reachableSince: at(2), since: at(1), trunk }),
  )
  expect(shown).toEqual({ word, since })
})

test('counts as calls of a trunk the live calls that have it as caller or callee', () => {
  const outside = { ...party('0612345678', ''), endpoint: 'PJSIP/provider' }
  const calls = [
    call('1.1', 'answered', { caller: outside }).state,
    call('1.2', 'ringing', { callees: [outside] }).state,
    call('1.3', 'ended', { caller: outside }).state,
    call('1.4', 'answered').state,
  ]
  expect(callsOn('PJSIP/provider', calls)).toBe(2)
})
