import { expect, test } from 'vitest'
import { AriRefusedError, AriUnreachableError } from '../../bridge/asterisk/ari-errors.ts'
import { watchLiveness } from '../../bridge/asterisk/liveness.ts'
import { ReconnectPolicy } from '../../bridge/asterisk/reconnect-policy.ts'
import { unconfirmed } from '../../bridge/normalise/unconfirmed.ts'
import { PbxLink } from '../../bridge/pbx-link.ts'
import { LiveStore } from '../../client/store.ts'
import type { CallState, EndpointState } from '../../contracts/facts.ts'
import { presenceOf, trunkPresenceOf } from '../../contracts/presence.ts'
import type { QueuePart } from '../../contracts/queues.ts'
import { unconfirmedCall, unconfirmedEndpoint } from '../../contracts/unconfirmed.ts'
import { pbxReport } from '../../functions/domain/presence-fold.ts'
import { bridgeStatus } from '../../functions/http/endpoints/bridge-status.ts'

const since = '2026-11-30T12:00:00.000Z'
const lostMs = Date.parse('2026-11-30T12:34:56.000Z')
const lost = new Date(lostMs).toISOString()

const phone: EndpointState = {
  endpoint: 'PJSIP/5860',
  technology: 'PJSIP',
  resource: '5860',
  deviceState: 'INUSE',
  reachability: 'online',
  since,
}
const call: CallState = {
  call: '1.1',
  state: 'answered',
  caller: { number: '60', name: '' },
  dialled: '61',
  callees: [],
  startedAt: since,
}

test.each([
  ['on the phone', {}],
  ['offline', { deviceState: 'UNAVAILABLE', reachability: 'offline' }],
  ['ringing', { deviceState: 'RINGING' }],
  ['set to do not disturb', { dnd: { since } }],
  ['away', { deviceState: 'NOT_INUSE', away: { since } }],
] as const)(
  'a phone that was %s is unknown since the loss while the PBX is down, and keeps its settings',
  (_, changes) => {
    const before = { ...phone, ...changes }
    const state = unconfirmedEndpoint(before, lost)
    expect(presenceOf(state)).toEqual({ presence: 'unknown', since: lost })
    expect(state).toMatchObject({ deviceState: 'UNKNOWN', reachability: 'unknown', confirmed: false })
    expect({ dnd: state.dnd, away: state.away }).toEqual({ dnd: before.dnd, away: before.away })
  },
)

test('a registered trunk is unknown while the PBX is down', () => {
  const trunk = { ...phone, trunk: { registration: { state: 'registered' as const, since } } }
  expect(trunkPresenceOf(unconfirmedEndpoint(trunk, lost))).toEqual({ word: 'unknown', since: lost })
})

test('a live call is unconfirmed while the PBX is down, and an ended one is certain', () => {
  expect(unconfirmedCall(call)).toEqual({ ...call, confirmed: false })
  const ended = { ...call, state: 'ended' as const }
  expect(unconfirmedCall(ended)).toEqual(ended)
})

test('members of a queue are unknown and waiting callers unconfirmed while the PBX is down', () => {
  const member = {
    part: 'member' as const,
    queue: '400',
    interface: 'PJSIP/5860',
    name: 'A',
    state: 'NOT_INUSE',
    since,
    penalty: 0,
    callsTaken: 0,
    membership: 'static' as const,
  }
  const caller = { part: 'caller' as const, queue: '400', uniqueid: '1.1', position: 1, number: '60', name: '', since }
  const head = { part: 'queue' as const, queue: '400', strategy: 'ringall' }
  const seen = (state: QueuePart) => unconfirmed({ kind: 'queue', id: 'x', state }, lost)
  expect(seen(member)).toEqual({
    kind: 'queue',
    id: 'x',
    state: { ...member, state: 'UNKNOWN', since: lost, confirmed: false },
  })
  expect(seen(caller)).toEqual({ kind: 'queue', id: 'x', state: { ...caller, confirmed: false } })
  expect(seen(head)).toEqual({ kind: 'queue', id: 'x', state: head })
})

test('a PBX is down once it was away for three seconds, since its last sign of life, and up since its return', () => {
  let nowMs = 0
  const link = new PbxLink(() => nowMs)
  expect(link.takeLoss()).toBe(false)
  link.connected(since)
  expect(link.status).toEqual({ state: 'up', since })
  link.disconnected(lostMs)
  nowMs += 2_999
  expect([link.takeLoss(), link.isDown]).toEqual([false, false])
  // A break that is shorter changes nothing.
  link.connected(lost)
  expect(link.status).toEqual({ state: 'up', since })
  link.disconnected(lostMs)
  // Attempts that fail do not begin the loss again.
  nowMs += 2_000
  link.disconnected(lostMs + 2_000)
  nowMs += 1_000
  expect([link.takeLoss(), link.takeLoss()]).toEqual([true, false])
  expect(link.status).toEqual({ state: 'down', since: lost })
  link.connected('2026-11-30T13:00:00.000Z')
  expect(link.status).toEqual({ state: 'up', since: '2026-11-30T13:00:00.000Z' })
})

/** A clock whose waits end at once, in order. */
function instantClock() {
  let nowMs = 0
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    random: () => 0.5,
    after: (ms: number, task: () => void) => {
      nowMs += ms
      queueMicrotask(task)
      return () => undefined
    },
  }
}

const [there, gone, refused, silent] = ['there', 404, 500, undefined] as const

test.each([
  ['never answers', [silent, silent], 'no answer to requests'],
  ['answers now and then', [silent, there, silent, there, silent, silent], 'no answer to requests'],
  ['has dropped the application', [there, gone], 'Asterisk has dropped the application'],
  ['answers with another error', [refused, refused, refused], undefined],
])('a connection is of no use if Asterisk %s', async (_, answers, why) => {
  const stop = new AbortController()
  const left = [...answers, there]
  const get = async () => {
    const next = left.shift()
    if (left.length === 0) stop.abort()
    if (typeof next === 'number') throw new AriRefusedError(next, 'the application')
    if (next === silent) throw new AriUnreachableError('no answer')
    return {}
  }
  expect(await watchLiveness({ get }, 'a', stop.signal, instantClock())).toBe(why)
  expect(left).toHaveLength(why === undefined ? 0 : 1)
})

test('a PBX that cannot be reached is tried within a second, and one that refuses is spared as before', () => {
  const policy = new ReconnectPolicy(() => 0.999)
  for (let n = 0; n < 50; n += 1) expect(policy.unreachableMs()).toBeLessThanOrEqual(800)
  expect(new ReconnectPolicy(() => 0).unreachableMs()).toBeGreaterThanOrEqual(200)
  const waits = Array.from({ length: 10 }, () => policy.nextMs(0))
  expect(waits.at(-1)).toBeGreaterThan(20_000)
})

const attributes = { specversion: '1.0', id: 'a', source: '/a', subject: 'a', time: since } as const
const ready = (v: string, pbx?: { state: 'up' | 'down'; since: string }) => ({
  ...attributes,
  v,
  type: 'switchhook.epoch-ready.v1' as const,
  data: { run: 'r', liveCalls: [], endpoints: [], ...(pbx && { pbx }) },
})
const heartbeat = (v: string, pbx: 'up' | 'down', pbxSince?: string) => ({
  ...attributes,
  v,
  type: 'switchhook.heartbeat.v1' as const,
  data: { run: 'r', pbx, counters: {}, ...(pbxSince && { pbxSince }) },
})

test('the newest line of a batch says whether the PBX is up; an older bridge says nothing', () => {
  const [down, up] = [
    { state: 'down' as const, since: lost },
    { state: 'up' as const, since },
  ]
  expect(pbxReport({ ready: ready('1.2', down), heartbeat: heartbeat('1.1', 'up', since) })).toEqual({
    ...down,
    v: '1.2',
  })
  expect(pbxReport({ ready: ready('1.2', up), heartbeat: heartbeat('1.3', 'down', lost) })).toEqual({
    ...down,
    v: '1.3',
  })
  expect(pbxReport({ ready: ready('1.2'), heartbeat: heartbeat('1.3', 'down') })).toBeUndefined()
  expect(pbxReport({ ready: undefined, heartbeat: undefined })).toBeUndefined()
})

test('the client keeps the newest report of the PBX, in whichever order reports arrive', () => {
  const store = new LiveStore()
  store.hearPbx({ state: 'down', since: lost, v: '2.1' })
  store.hearPbx({ state: 'up', since, v: '1.9' })
  expect(store.pbx?.state).toBe('down')
  store.hearPbx({ state: 'up', since: lost, v: '3.1' })
  expect(store.pbx?.state).toBe('up')
})

test('the status of a bridge is connected, lost or never seen', () => {
  const row = {
    lastHeard: lost,
    onlineSince: since,
    version: '0.1.0',
    pbx: 'up' as const,
    pbxSince: since,
    pbxV: '1.1',
  }
  expect(bridgeStatus(undefined, lostMs)).toEqual({ bridge: { state: 'never' } })
  expect(bridgeStatus(row, lostMs + 5_000)).toEqual({
    bridge: { state: 'connected', since, version: '0.1.0' },
    pbx: { state: 'up', since, v: '1.1' },
    lastHeard: lost,
  })
  expect(bridgeStatus(row, lostMs + 25_000).bridge).toEqual({ state: 'lost', since: lost, version: '0.1.0' })
})
