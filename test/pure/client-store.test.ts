import * as fc from 'fast-check'
import * as v from 'valibot'
import { expect, test } from 'vitest'
import { isNewer } from '../../client/entity-set.ts'
import { LiveStore } from '../../client/store.ts'
import {
  type CallEntity,
  DeltaFrame,
  type EndpointEntity,
  type Entity,
  isNewer as isNewerByContract,
  type Removal,
  SnapshotFrame,
  type Topic,
} from '../../contracts/frames.ts'
import { formatVersion } from '../../contracts/version.ts'
import { call, endpoint } from '../browser/support/facts.ts'
import { propertyRuns } from '../support/property.ts'

const now = 1_795_500_000_000

function snapshot(topic: Topic, entities: readonly Entity[], part = 1, parts = 1): SnapshotFrame {
  return v.parse(SnapshotFrame, { type: 'snapshot', protocol: 1, topic, part, parts, w: now, entities })
}
function delta(topic: Topic, entities: readonly Entity[], removed?: readonly Removal[]): DeltaFrame {
  return v.parse(DeltaFrame, { type: 'delta', topic, epoch: 1, ks: [1], w: now, entities, removed })
}
const deviceState = (store: LiveStore, resource: string) => store.endpoints.get(`PJSIP/${resource}`)?.state.deviceState

test('a delta replaces an entity and reports the earlier one', () => {
  const store = new LiveStore()
  const idle = endpoint('5860', 'NOT_INUSE')
  const ringing = endpoint('5860', 'RINGING')
  store.delta(delta('endpoints', [idle]))
  expect(store.delta(delta('endpoints', [ringing]))).toEqual([
    { topic: 'endpoints', kind: 'set', source: 'delta', id: 'PJSIP/5860', entity: ringing, before: idle },
  ])
  expect(deviceState(store, '5860')).toBe('RINGING')
})

test('ignores a delta that is late or repeated', () => {
  const store = new LiveStore()
  const old = endpoint('5860', 'NOT_INUSE')
  const recent = endpoint('5860', 'INUSE')
  store.delta(delta('endpoints', [recent]))
  expect(store.delta(delta('endpoints', [old, recent]))).toEqual([])
  expect(deviceState(store, '5860')).toBe('INUSE')
})

test('of two entities with the same `v` the higher `r` wins', () => {
  const store = new LiveStore()
  const versions = call('1.1', 'ringing')
  const ended: CallEntity = { ...versions, r: 1, state: { ...versions.state, state: 'ended' } }
  store.delta(delta('calls', [ended]))
  expect(store.delta(delta('calls', [versions]))).toEqual([])
  expect(store.calls.size).toBe(0)
})

test('a snapshot does not replace a newer version of an entity', () => {
  const store = new LiveStore()
  const old = endpoint('5860', 'NOT_INUSE')
  const recent = endpoint('5860', 'RINGING')
  store.expectSnapshot(['endpoints'])
  store.delta(delta('endpoints', [recent]))
  store.snapshot(snapshot('endpoints', [old]))
  expect(deviceState(store, '5860')).toBe('RINGING')
})

test('removes entities that a snapshot does not list, once all parts of the snapshot have arrived', () => {
  const store = new LiveStore()
  const [a, b, c] = [endpoint('1', 'INUSE'), endpoint('2', 'INUSE'), endpoint('3', 'INUSE')]
  store.delta(delta('endpoints', [a, b, c]))
  store.expectSnapshot(['endpoints'])
  expect(store.snapshot(snapshot('endpoints', [b], 2, 2))).toEqual({ changes: [], complete: false })
  expect(store.endpoints.size).toBe(3)
  const { changes, complete } = store.snapshot(snapshot('endpoints', [a], 1, 2))
  expect(complete).toBe(true)
  expect(changes).toEqual([{ topic: 'endpoints', kind: 'gone', source: 'snapshot', id: c.id, before: c }])
  expect([...store.endpoints.keys()]).toEqual([a.id, b.id])
})

test('keeps a call that began after the snapshot was read and before it arrived', () => {
  const store = new LiveStore()
  const begun = call('1.1', 'dialling')
  store.expectSnapshot(['calls'])
  store.delta(delta('calls', [begun]))
  store.snapshot(snapshot('calls', []))
  expect([...store.calls.keys()]).toEqual(['1.1'])
})

test('restores an entity that one snapshot misses and the next one lists in the same version', () => {
  const store = new LiveStore()
  const phone = endpoint('5860', 'NOT_INUSE')
  for (const listed of [[phone], [], [phone]]) {
    store.expectSnapshot(['endpoints'])
    store.snapshot(snapshot('endpoints', listed))
  }
  expect(deviceState(store, '5860')).toBe('NOT_INUSE')
  store.expectSnapshot(['endpoints'])
  store.snapshot(snapshot('endpoints', []))
  expect(store.delta(delta('endpoints', [phone]))).toEqual([])
})

test('removes an ended call from the live calls, and the change contains its last state', () => {
  const store = new LiveStore()
  store.delta(delta('calls', [call('1.1', 'answered')]))
  const [change] = store.delta(delta('calls', [call('1.1', 'ended')]))
  expect(change).toMatchObject({ kind: 'gone', id: '1.1', entity: { state: { state: 'ended' } } })
  expect(store.calls.size).toBe(0)
})

test('a call stays ended after its tombstone was discarded', () => {
  const store = new LiveStore()
  const late = call('1.0', 'answered')
  store.delta(delta('calls', [call('1.0', 'ended')]))
  for (let n = 1; n <= 1_500; n++) store.delta(delta('calls', [call(`1.${n}`, 'ended')]))
  expect(store.delta(delta('calls', [late]))).toEqual([])
  expect(store.calls.size).toBe(0)
})

test('removes an endpoint, unless a newer version of it is known', () => {
  const store = new LiveStore()
  const phone = endpoint('5860', 'NOT_INUSE')
  const removal = { id: phone.id, v: endpoint('x', 'x').v, r: 0 }
  const back = endpoint('5860', 'RINGING')
  store.delta(delta('endpoints', [phone]))
  expect(store.delta(delta('endpoints', [], [removal]))).toMatchObject([{ kind: 'gone', id: phone.id }])
  store.delta(delta('endpoints', [back]))
  expect(store.delta(delta('endpoints', [], [removal]))).toEqual([])
  expect(deviceState(store, '5860')).toBe('RINGING')
})

test('skips entities without the fields that the client uses, and keeps unknown fields', () => {
  const store = new LiveStore()
  const whole: EndpointEntity = { ...endpoint('5860', 'NOT_INUSE'), future: 1 }
  const frame = delta('endpoints', [whole])
  const broken = { id: 'PJSIP/1', v: '9', r: 0, state: null } as unknown as Entity
  store.delta({ ...frame, entities: [broken, ...frame.entities] })
  expect([...store.endpoints.values()]).toEqual([whole])
})

test('`lastHeard` never moves back, and only the newest one decides whether the bridge is stale', () => {
  const store = new LiveStore()
  const [early, late] = ['2026-11-24T08:00:00.000Z', '2026-11-24T08:00:09.000Z']
  store.hear(late, now)
  store.hear(early, now + 5, true)
  expect(store.heard).toEqual({ lastHeard: late, learntAt: now + 5, stale: false })
  store.hear(late, now + 9, true)
  expect(store.heard).toMatchObject({ stale: true })
})

const version = fc.record({ v: fc.integer({ min: 1, max: 6 }).map((n) => formatVersion(1, n)), r: fc.nat(2) })

test('the client orders versions as the cloud does', () => {
  fc.assert(fc.property(version, version, (a, b) => isNewer(a, b) === isNewerByContract(a, b)))
})

/** A history of a few entities: each step is one version, and the last version of an entity is its true state. */
const history = fc.array(fc.record({ id: fc.constantFrom('1.1', '1.2', '1.3'), ends: fc.boolean() }), { maxLength: 12 })

test('with deltas in any order, repeated or merged, the store never moves an entity back and ends in the true state', () => {
  const scenario = history.chain((steps) => {
    const versions = steps.map(({ id, ends }, n): CallEntity => {
      const state = call(id, ends ? 'ended' : 'answered').state
      return { id, v: formatVersion(1, n + 1), r: 0, state }
    })
    const repeated = fc.shuffledSubarray([...versions, ...versions], { minLength: versions.length * 2 })
    return fc.tuple(
      fc.constant(versions),
      repeated,
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 24, maxLength: 24 }),
    )
  })
  fc.assert(
    fc.property(scenario, ([versions, shuffled, folds]) => {
      const store = new LiveStore()
      const newest = new Map<string, string>()
      const queue = [...shuffled]
      for (const size of folds) {
        for (const { id, entity } of store.delta(delta('calls', queue.splice(0, size)))) {
          const seen = entity?.v ?? ''
          expect(seen > (newest.get(id) ?? '')).toBe(true)
          newest.set(id, String(seen))
        }
      }
      const truth = new Map(versions.map((entity) => [entity.id, entity]))
      const live = [...truth.values()].filter(({ state }) => state.state !== 'ended')
      expect(new Set(store.calls.values())).toEqual(new Set(live))
    }),
    { numRuns: propertyRuns(300) },
  )
})

test('the store ends in the true state, whenever the snapshot was read and whichever deltas arrive before or after it', () => {
  const scenario = history.chain((steps) => fc.tuple(fc.constant(steps), fc.nat(steps.length), fc.nat(steps.length)))
  fc.assert(
    fc.property(scenario, ([steps, readAt, arrivesAt]) => {
      const versions = steps.map(({ id, ends }, n): CallEntity => {
        return { id, v: formatVersion(1, n + 1), r: 0, state: call(id, ends ? 'ended' : 'answered').state }
      })
      const liveAfter = (count: number) =>
        [...new Map(versions.slice(0, count).map((one) => [one.id, one])).values()].filter(
          ({ state }) => state.state !== 'ended',
        )
      const store = new LiveStore()
      store.expectSnapshot(['calls'])
      // The subscription precedes the read, so each later change arrives as a delta, before or after the snapshot.
      const later = versions.slice(readAt)
      const before = later.slice(0, arrivesAt)
      for (const entity of before) store.delta(delta('calls', [entity]))
      store.snapshot(snapshot('calls', liveAfter(readAt)))
      for (const entity of later.slice(before.length)) store.delta(delta('calls', [entity]))
      expect(new Set(store.calls.values())).toEqual(new Set(liveAfter(versions.length)))
    }),
    { numRuns: propertyRuns(300) },
  )
})
