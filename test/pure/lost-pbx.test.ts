import { expect, test } from 'vitest'
import type { BridgeEvent } from '../../contracts/events.ts'
import type { QueuePart } from '../../contracts/queues.ts'
import { eventOf, presenceWorld, snapshotOf } from '../support/presence-world.ts'

/*
 * Goal: while the PBX is down, or was never reached, the cloud gets everything that is known of it, and nothing of it as sure.
 * Method: the bridge's presence over a spool in memory and clocks of the test.
 */

const types = (events: readonly BridgeEvent[]) => events.map(({ type }) => type.replace(/^switchhook\.|\.v1$/g, ''))
const phonesOf = (events: readonly BridgeEvent[]) =>
  events.flatMap((event) => (event.type === 'switchhook.endpoint.v1' ? [event.data] : []))
const listsOf = (events: readonly BridgeEvent[]) =>
  events.flatMap((event) => (event.type === 'switchhook.epoch-ready.v1' ? [event.data] : []))
const lineOf = (event: BridgeEvent) => ({ type: event.type, subject: event.subject, line: JSON.stringify(event) })

test('facts that the spool dropped while the PBX was down are published under a new epoch, as not confirmed', async () => {
  const world = presenceWorld()
  await world.connect()
  world.published()
  world.spool.isFull = true
  await world.lose()
  expect(world.published()).toEqual([])
  world.spool.isFull = false
  await world.passes(1_000)
  const events = world.published()
  expect(types(events)).toEqual(['gap', 'endpoint', 'epoch-ready'])
  expect(phonesOf(events)).toMatchObject([{ deviceState: 'UNKNOWN', confirmed: false }])
  expect(listsOf(events)).toMatchObject([{ pbx: { state: 'down' }, endpoints: ['PJSIP/5860'] }])
})

test('a list that was sent late while the PBX was down is published again', async () => {
  const world = presenceWorld()
  await world.connect()
  await world.lose()
  const late = world.published()
  world.presence.republish(late.map(lineOf))
  await world.passes(1_000)
  expect(types(world.published())).toContain('epoch-ready')
})

test('the list of everything current is repeated every five minutes, also while the PBX is down', async () => {
  const world = presenceWorld()
  await world.connect()
  await world.lose()
  world.published()
  await world.passes(299_000)
  expect(listsOf(world.published())).toMatchObject([{ again: true, pbx: { state: 'down' } }])
})

test('a wall clock that is set back or on by a day neither delays nor hastens what is repeated', async () => {
  const world = presenceWorld()
  await world.connect()
  world.published()
  world.clock.wallMs += 86_400_000
  await world.passes(1_000)
  expect(world.published()).toEqual([])
  world.clock.wallMs -= 2 * 86_400_000
  await world.passes(300_000)
  expect(listsOf(world.published())).toHaveLength(1)
})

test('queues that are read while the PBX is down are published as not confirmed', async () => {
  const world = presenceWorld()
  await world.connect()
  await world.lose()
  world.published()
  const since = '2026-11-30T12:00:00.000Z'
  const caller: QueuePart = { part: 'caller', queue: '400', uniqueid: '1', position: 1, number: '', name: '', since }
  world.presence.publishQueues([{ id: '400/callers/1', state: caller }])
  expect(world.published()).toMatchObject([{ data: { part: 'caller', confirmed: false } }])
})

test('an event that Asterisk kept while it was away is published as not confirmed', async () => {
  const world = presenceWorld()
  await world.connect()
  await world.lose()
  world.published()
  const device = { name: 'PJSIP/5860', state: 'INUSE' }
  world.presence.publishReplayed(eventOf({ type: 'DeviceStateChanged', device_state: device }))
  expect(phonesOf(world.published())).toMatchObject([{ deviceState: 'UNKNOWN', confirmed: false }])
})

test('a bridge that never reached its PBX says so by heartbeats alone, and ends nothing that the cloud knows', async () => {
  const world = presenceWorld({ lastSeenMs: Date.parse('2026-11-30T11:00:00.000Z') })
  expect(world.presence.heartbeat()).toBeUndefined()
  await world.presence.notReached()
  await world.presence.notReached()
  expect(JSON.parse(world.presence.heartbeat() ?? '')).toMatchObject({
    v: '1700000001.0000000001',
    data: { pbx: 'down', pbxSince: '2026-11-30T11:00:00.000Z' },
  })
  world.presence.publishList()
  const lists = presenceWorld()
  await lists.connect()
  world.presence.republish(lists.published().map(lineOf), true)
  await world.passes(3_600_000)
  expect(world.published()).toEqual([])

  await world.connect(snapshotOf('5860'))
  const events = world.published()
  expect(types(events)).toEqual(['gap', 'endpoint', 'epoch-ready'])
  expect(phonesOf(events)).toMatchObject([{ deviceState: 'NOT_INUSE' }])
  expect(listsOf(events)).toMatchObject([{ pbx: { state: 'up' } }])
  expect(JSON.parse(world.presence.heartbeat() ?? '')).toMatchObject({ data: { pbx: 'up' } })
})

test('a PBX that was never seen is down since the bridge noticed it, and one that is connected stays up', async () => {
  const world = presenceWorld()
  await world.presence.notReached()
  expect(JSON.parse(world.presence.heartbeat() ?? '')).toMatchObject({
    data: { pbxSince: '2026-11-30T12:00:00.000Z' },
  })
  const other = presenceWorld()
  await Promise.all([other.connect(), other.presence.notReached()])
  expect(JSON.parse(other.presence.heartbeat() ?? '')).toMatchObject({ data: { pbx: 'up' } })
})
