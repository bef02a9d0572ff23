import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bridgeSource, type EndpointEvent, factIdentity, type HeartbeatEvent } from '../../contracts/events.ts'
import { frameBytesMax } from '../../contracts/limits.ts'
import { splitByFrame } from '../../functions/domain/framing.ts'
import { foldPresence, pbxReport } from '../../functions/domain/presence-fold.ts'
import { epochReady } from '../support/facts.ts'
import { propertyRuns } from '../support/property.ts'

const site = 'office'
const time = '2026-11-23T19:03:14.000Z'

function endpointFact(resource: string, epoch: number, seq: number, deviceState = 'NOT_INUSE'): EndpointEvent {
  const endpoint = `PJSIP/${resource}`
  const data = { endpoint, technology: 'PJSIP', resource, deviceState, reachability: 'online' as const, since: time }
  const type = 'switchhook.endpoint.v1' as const
  const envelope = { specversion: '1.0' as const, source: bridgeSource(site), subject: endpoint, time, k: seq }
  return { ...envelope, ...factIdentity(site, epoch, seq), type, data }
}

test('keeps the highest version of an endpoint, with the numbers k of all its facts in that epoch', () => {
  const fold = foldPresence(site, [
    { sentAt: 1, events: [endpointFact('60', 7, 1), endpointFact('60', 7, 3, 'INUSE')] },
    { sentAt: 2, events: [endpointFact('60', 7, 2)] },
  ])
  expect(fold.entities).toHaveLength(1)
  expect(fold.entities[0]?.event.data).toMatchObject({ deviceState: 'INUSE' })
  expect(fold.entities[0]?.sentAt).toBe(1)
  expect([...(fold.entities[0]?.ks ?? [])].sort()).toEqual([1, 2, 3])
})

test('folds messages to the same facts in any order of delivery', () => {
  const fact = fc.tuple(fc.constantFrom('60', '61'), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 9 }))
  fc.assert(
    fc.property(fc.array(fact, { maxLength: 20 }), fc.infiniteStream(fc.nat()), (facts, order) => {
      const events = facts.map(([resource, epoch, seq]) => endpointFact(resource, epoch, seq))
      const shuffled = events.map((event) => ({ event, at: order.next().value })).sort((a, b) => a.at - b.at)
      const versions = (list: EndpointEvent[]) =>
        Object.fromEntries(
          foldPresence(site, [{ sentAt: 1, events: list }]).entities.map(({ id, event }) => [id, event.v]),
        )
      expect(versions(shuffled.map(({ event }) => event))).toEqual(versions(events))
    }),
  )
})

test('splits a list into frames within the size limit, with all items in order', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 9_000 }), { maxLength: 40 }), (items) => {
      const runs = splitByFrame(items)
      expect(runs.flat()).toEqual(items)
      for (const run of runs) expect(Buffer.byteLength(JSON.stringify({ entities: run }))).toBeLessThan(frameBytesMax)
    }),
    { numRuns: propertyRuns(30) },
  )
})

test('of the heartbeats and of the lists of a batch the newest counts, in any order of delivery', () => {
  const time = '2026-11-23T19:03:14.000Z'
  const ready = [3, 1, 2].map((seq) => epochReady(site, [7, seq], { liveCalls: [String(seq)], endpoints: [] }))
  const heartbeats = [6, 4, 5].map((seq): HeartbeatEvent => {
    const envelope = { specversion: '1.0' as const, source: bridgeSource(site), subject: site, time }
    const data = { run: 'test', pbx: seq === 6 ? ('down' as const) : ('up' as const), pbxSince: time, counters: {} }
    return { ...envelope, ...factIdentity(site, 7, seq), type: 'switchhook.heartbeat.v1', data }
  })
  for (const events of [[...ready, ...heartbeats], [...heartbeats, ...ready].reverse()]) {
    const fold = foldPresence(
      site,
      events.map((event) => ({ sentAt: 1, events: [event] })),
    )
    expect([fold.ready?.data.liveCalls, fold.heartbeat?.data.pbx]).toEqual([['3'], 'down'])
    expect(pbxReport(fold)).toMatchObject({ state: 'down' })
  }
})
