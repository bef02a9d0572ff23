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

test('a delta moves an entity to what it says, and reports what it was before', () => {
  const store = new LiveStore()
  const idle = endpoint('5860', 'NOT_INUSE')
  const ringing = endpoint('5860', 'RINGING')
  store.delta(delta('endpoints', [idle]))
  expect(store.delta(delta('endpoints', [ringing]))).toEqual([
    { topic: 'endpoints', kind: 'set', source: 'delta', id: 'PJSIP/5860', entity: ringing, before: idle },
  ])
  expect(deviceState(store, '5860')).toBe('RINGING')
})

test('a delta that comes late or twice changes nothing', () => {
  const store = new LiveStore()
  const old = endpoint('5860', 'NOT_INUSE')
  const recent = endpoint('5860', 'INUSE')
  store.delta(delta('endpoints', [recent]))
  expect(store.delta(delta('endpoints', [old, recent]))).toEqual([])
  expect(deviceState(store, '5860')).toBe('INUSE')
})

test('with the same version the higher count of the cloud wins', () => {
  const store = new LiveStore()
  const told = call('1.1', 'ringing')
  const reaped: CallEntity = { ...told, r: 1, state: { ...told.state, state: 'ended' } }
  store.delta(delta('calls', [reaped]))
  expect(store.delta(delta('calls', [told]))).toEqual([])
  expect(store.calls.size).toBe(0)
})

test('a snapshot never replaces an entity known in a newer version', () => {
  const store = new LiveStore()
  const old = endpoint('5860', 'NOT_INUSE')
  const recent = endpoint('5860', 'RINGING')
  store.expectSnapshot(['endpoints'])
  store.delta(delta('endpoints', [recent]))
  store.snapshot(snapshot('endpoints', [old]))
  expect(deviceState(store, '5860')).toBe('RINGING')
})

test('what a completed snapshot does not list is dropped, but only once its last part has come', () => {
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

test('a call that began between the reading of the snapshot and its arrival stays', () => {
  const store = new LiveStore()
  const begun = call('1.1', 'dialling')
  store.expectSnapshot(['calls'])
  store.delta(delta('calls', [begun]))
  store.snapshot(snapshot('calls', []))
  expect([...store.calls.keys()]).toEqual(['1.1'])
})

test('an entity missing from one snapshot comes back when the next lists the same version', () => {
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

test('an ended call leaves the live ones, and the change tells how it ended', () => {
  const store = new LiveStore()
  store.delta(delta('calls', [call('1.1', 'answered')]))
  const [change] = store.delta(delta('calls', [call('1.1', 'ended')]))
  expect(change).toMatchObject({ kind: 'gone', id: '1.1', entity: { state: { state: 'ended' } } })
  expect(store.calls.size).toBe(0)
})

test('a call stays ended even after more calls have ended than are remembered', () => {
  const store = new LiveStore()
  const late = call('1.0', 'answered')
  store.delta(delta('calls', [call('1.0', 'ended')]))
  for (let n = 1; n <= 1_500; n++) store.delta(delta('calls', [call(`1.${n}`, 'ended')]))
  expect(store.delta(delta('calls', [late]))).toEqual([])
  expect(store.calls.size).toBe(0)
})

test('an endpoint said to be removed is gone, unless something newer was said of it', () => {
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

test('entities that lack what the client relies on are passed over, unknown fields are kept', () => {
  const store = new LiveStore()
  const whole: EndpointEntity = { ...endpoint('5860', 'NOT_INUSE'), future: 1 }
  const frame = delta('endpoints', [whole])
  const broken = { id: 'PJSIP/1', v: '9', r: 0, state: null } as unknown as Entity
  store.delta({ ...frame, entities: [broken, ...frame.entities] })
  expect([...store.endpoints.values()]).toEqual([whole])
})

test('when the bridge was heard never goes back, and it is stale only by the newest word of it', () => {
  const store = new LiveStore()
  const [early, late] = ['2026-11-24T08:00:00.000Z', '2026-11-24T08:00:09.000Z']
  store.hear(late, now)
  store.hear(early, now + 5, true)
  expect(store.heard).toEqual({ lastHeard: late, learntAt: now + 5, stale: false })
  store.hear(late, now + 9, true)
  expect(store.heard).toMatchObject({ stale: true })
})

const version = fc.record({ v: fc.integer({ min: 1, max: 6 }).map((n) => formatVersion(1, n)), r: fc.nat(2) })

test('the client orders versions as the contract does', () => {
  fc.assert(fc.property(version, version, (a, b) => isNewer(a, b) === isNewerByContract(a, b)))
})

/** A history of a few entities: each step is told in one version; the last one told of an entity is its truth. */
const history = fc.array(fc.record({ id: fc.constantFrom('1.1', '1.2', '1.3'), ends: fc.boolean() }), { maxLength: 12 })

test('whatever the order, the doubles and the folds, no entity steps back and all end at the truth', () => {
  const scenario = history.chain((steps) => {
    const told = steps.map(({ id, ends }, n): CallEntity => {
      const state = call(id, ends ? 'ended' : 'answered').state
      return { id, v: formatVersion(1, n + 1), r: 0, state }
    })
    const doubled = fc.shuffledSubarray([...told, ...told], { minLength: told.length * 2 })
    return fc.tuple(
      fc.constant(told),
      doubled,
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 24, maxLength: 24 }),
    )
  })
  fc.assert(
    fc.property(scenario, ([told, shuffled, folds]) => {
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
      const truth = new Map(told.map((entity) => [entity.id, entity]))
      const live = [...truth.values()].filter(({ state }) => state.state !== 'ended')
      expect(new Set(store.calls.values())).toEqual(new Set(live))
    }),
    { numRuns: propertyRuns(300) },
  )
})

test('deltas that overtake or follow a snapshot of any moment end at the truth', () => {
  const scenario = history.chain((steps) => fc.tuple(fc.constant(steps), fc.nat(steps.length), fc.nat(steps.length)))
  fc.assert(
    fc.property(scenario, ([steps, readAt, arrivesAt]) => {
      const told = steps.map(({ id, ends }, n): CallEntity => {
        return { id, v: formatVersion(1, n + 1), r: 0, state: call(id, ends ? 'ended' : 'answered').state }
      })
      const liveAfter = (count: number) =>
        [...new Map(told.slice(0, count).map((one) => [one.id, one])).values()].filter(
          ({ state }) => state.state !== 'ended',
        )
      const store = new LiveStore()
      store.expectSnapshot(['calls'])
      // Subscribed before the snapshot was read, so each later change is told as a delta, before or after it arrives.
      const later = told.slice(readAt)
      const before = later.slice(0, arrivesAt)
      for (const entity of before) store.delta(delta('calls', [entity]))
      store.snapshot(snapshot('calls', liveAfter(readAt)))
      for (const entity of later.slice(before.length)) store.delta(delta('calls', [entity]))
      expect(new Set(store.calls.values())).toEqual(new Set(liveAfter(told.length)))
    }),
    { numRuns: propertyRuns(300) },
  )
})
