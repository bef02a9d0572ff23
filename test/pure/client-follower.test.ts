import { expect, test } from 'vitest'
import type { Emit } from '../../client/events.ts'
import { openFollower } from '../../client/follower.ts'
import { Sequence } from '../../client/sequence.ts'
import { LiveStore } from '../../client/store.ts'
import type { Topic } from '../../contracts/frames.ts'
import { endpoint, epoch } from '../browser/support/facts.ts'

const digest = { count: 0, sum: 0, recent: [] }

function follow(topics: readonly Topic[], extensions?: string[]) {
  const store = new LiveStore()
  const events: [string, unknown][] = []
  const emit: Emit = (name, value) => void events.push([name, value])
  const follower = openFollower({ store, topics, extensions, emit })
  const part = (w: number, more: object = {}) => ({
    topic: 'endpoints' as const,
    part: 1,
    parts: 1,
    epoch,
    w,
    entities: [],
    ...more,
  })
  return {
    store,
    events,
    follower,
    snapshot: (w: number, more: object = {}) => follower.apply({ type: 'snapshot', protocol: 1, ...part(w, more) }),
    resumed: (w: number, more: object = {}) => follower.apply({ type: 'resumed', ...part(w, more) }),
    delta: (k: number, w: number, of = epoch) =>
      follower.apply({
        type: 'delta',
        topic: 'endpoints',
        epoch: of,
        ks: [k],
        w,
        entities: [endpoint('5860', 'INUSE')],
      }),
  }
}

test('asks for its topics and its extensions, in a subscription and in a ping', () => {
  const { follower } = follow(['endpoints', 'calls'], ['60'])
  const wanted = { topics: ['endpoints', 'calls'], extensions: ['60'] }
  expect(follower.request()).toEqual({ action: 'subscribe', ...wanted })
  expect(follower.ping(true, 0)).toEqual({ action: 'ping', ...wanted })
  const { follower: all } = follow(['endpoints'])
  expect(all.request()).toEqual({ action: 'subscribe', topics: ['endpoints'] })
})

test('is complete once every topic that it asked for has arrived, all parts of each', () => {
  const { follower, snapshot } = follow(['endpoints', 'stats'])
  follower.request()
  expect(follower.isComplete()).toBe(false)
  snapshot(5_000, { parts: 2 })
  expect(follower.isComplete()).toBe(false)
  snapshot(5_000, { part: 2, parts: 2 })
  expect(follower.isComplete()).toBe(false)
  follower.apply({ type: 'stats', presence: { free: 2 }, calls: {} })
  expect(follower.isComplete()).toBe(true)
})

test('a resume is complete with its last part, and keeps what it does not list', () => {
  const { follower, snapshot, resumed, store } = follow(['endpoints'])
  follower.request()
  snapshot(5_000, { entities: [endpoint('5860', 'NOT_INUSE')] })
  expect(follower.request()).toMatchObject({ action: 'resume', epoch, w: 5_000 })
  resumed(6_000, { parts: 2 })
  expect(follower.isComplete()).toBe(false)
  resumed(6_000, { part: 2, parts: 2 })
  expect([follower.isComplete(), store.endpoints.size]).toEqual([true, 1])
  expect(follower.request()).toMatchObject({ action: 'resume', w: 6_000 })
})

test('reports the changes of every frame, statistics, and an epoch after the first one', () => {
  const { follower, snapshot, delta, resumed, events, store } = follow(['endpoints', 'stats'])
  follower.request()
  snapshot(5_000, { entities: [endpoint('5860', 'NOT_INUSE')] })
  delta(1, 6_000)
  resumed(6_500)
  const stats = { type: 'stats' as const, presence: { free: 2 }, calls: {} }
  follower.apply(stats)
  expect(store.stats).toEqual(stats)
  expect(events.map(([name]) => name)).toEqual(['change', 'change', 'change', 'change'])
  expect(events.at(-1)).toEqual(['change', []])
  delta(1, 7_000, epoch + 1)
  delta(2, 8_000, epoch + 1)
  delta(3, 9_000, epoch)
  expect(events.filter(([name]) => name === 'reset')).toEqual([['reset', epoch + 1]])
})

test('a hidden page asks for digests only every five minutes, unless they differ', () => {
  const { follower } = follow(['endpoints'])
  const ping = (isVisible: boolean, now: number) => 'topics' in follower.ping(isVisible, now)
  expect([ping(true, 1_000_000), ping(false, 1_299_999), ping(false, 1_300_000)]).toEqual([true, false, true])
  expect(follower.ping(false, 1_300_001)).toEqual({ action: 'ping' })
  follower.mismatches({ type: 'pong', t: 1, digests: { endpoints: { ...digest, count: 7 } } })
  expect(ping(false, 1_300_002)).toBe(true)
})

test.each(['endpoints', 'calls', 'queues'] as const)(
  'counts digests of %s that differ, and none that proves nothing',
  (topic) => {
    const { follower, snapshot, delta } = follow(['endpoints', 'calls', 'queues'])
    const pong = (of: object, t = 100_000) => follower.mismatches({ type: 'pong', t, digests: { [topic]: of } })
    const wrong = { ...digest, count: 7 }
    expect([pong(wrong), pong(wrong), pong(digest), pong(wrong)]).toEqual([1, 2, 0, 1])
    if (topic === 'endpoints') {
      snapshot(5_000)
      delta(1, 99_000)
      // A write of a second before the digest may be in one of the two alone: the count stays.
      expect(pong(digest)).toBe(1)
    }
    follower.request()
    expect(pong(wrong, 200_000)).toBe(1)
  },
)

test('counts that are missing are given up with a request, and the next one is expected after the highest', () => {
  const sequence = new Sequence()
  sequence.take(1, [1])
  sequence.take(1, [5, 3])
  expect(sequence.isMissingSome).toBe(true)
  sequence.accept()
  expect(sequence.isMissingSome).toBe(false)
  sequence.take(1, [6])
  expect(sequence.isMissingSome).toBe(false)
  sequence.take(1, [8])
  expect(sequence.isMissingSome).toBe(true)
})
