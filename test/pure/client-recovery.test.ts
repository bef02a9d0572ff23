import { expect, test } from 'vitest'
import { openFollower } from '../../client/follower.ts'
import { Sequence } from '../../client/sequence.ts'
import { LiveStore } from '../../client/store.ts'
import type { EndpointEntity } from '../../contracts/frames.ts'
import { formatVersion } from '../../contracts/version.ts'
import type { PresenceRow } from '../../functions/stores/presence.ts'
import { answer } from '../../functions/websocket/message/answer.ts'
import { endpoint, endpointState, epoch } from '../browser/support/facts.ts'
import { SimulatedPage } from '../support/simulated-page.ts'

/*
 * Goal: holes in the counts and different digests each repair a lost change alone. Method: the cloud leaves the other one out,
 * because each hides that the other is absent.
 */

const minute = 60_000

async function connected(without: SimulatedPage['without'] = {}): Promise<SimulatedPage> {
  const page = new SimulatedPage()
  page.without = without
  for (const resource of ['5860', '5861']) page.set(endpoint(resource, 'NOT_INUSE'))
  await page.clock.run(minute)
  expect(page.live.endpoints.size).toBe(2)
  // The first count that a client sees is where it begins.
  page.push(endpoint('5860', 'NOT_INUSE'))
  await page.clock.run(minute)
  return page
}
const deviceState = (page: SimulatedPage, resource: string) =>
  page.live.endpoints.get(`PJSIP/${resource}`)?.state.deviceState
const requests = (page: SimulatedPage) => page.frames.map(({ action }) => action).filter((action) => action !== 'ping')

test('a hole in the counts alone, without digests, makes the client resume after 3 s', async () => {
  const page = await connected({ digests: true })
  page.set(endpoint('5861', 'INUSE'))
  page.push(endpoint('5860', 'RINGING'))
  await page.clock.run(2_900)
  expect([deviceState(page, '5861'), requests(page)]).toEqual(['NOT_INUSE', ['subscribe']])
  await page.clock.run(500)
  expect([deviceState(page, '5861'), requests(page)]).toEqual(['INUSE', ['subscribe', 'resume']])
})

test('without digests, a lost change that no count follows stays lost, which is what digests are for', async () => {
  const page = await connected({ digests: true })
  page.set(endpoint('5861', 'INUSE'))
  await page.clock.run(10 * minute)
  expect([deviceState(page, '5861'), requests(page)]).toEqual(['NOT_INUSE', ['subscribe']])
})

test.each([
  ['a changed version of a known entity', '5861', 2],
  ['a new entity', '5862', 3],
])('two different digests alone, without counts, make the client subscribe again: %s', async (_, resource, count) => {
  const page = await connected({ counts: true })
  page.set(endpoint(resource, 'INUSE'))
  await page.clock.run(minute)
  expect(requests(page)).toEqual(['subscribe', 'subscribe'])
  expect([deviceState(page, resource), page.live.endpoints.size]).toEqual(['INUSE', count])
})

test('a hidden page with a different digest asks for the second one after 2 s, not after five minutes', async () => {
  const page = await connected({ counts: true })
  page.hide(true)
  await page.clock.run(6 * minute)
  page.set(endpoint('5861', 'INUSE'))
  await page.clock.run(5 * minute + 50_000)
  expect(deviceState(page, '5861')).toBe('INUSE')
})

test('in six hours with a change each minute and no lost frame, the client never subscribes again on one socket', async () => {
  const page = await connected()
  for (let passed = 0; passed < 6 * 60; passed++) {
    page.push(endpoint(passed % 3 ? '5860' : '5861', passed % 2 ? 'INUSE' : 'NOT_INUSE'))
    await page.clock.run(minute)
  }
  const resumes = requests(page).filter((action) => action === 'resume')
  expect(requests(page).length - resumes.length).toBe(1)
  // One for each of the sockets that follow the first.
  expect(resumes.length).toBe(page.sockets - 1)
})

test('after a refused resume, for example because the clocks of two functions differ, the client subscribes', async () => {
  const page = await connected()
  page.clock.sleep(-5 * minute)
  page.cut()
  await page.clock.run(5_000)
  expect(requests(page)).toEqual(['subscribe', 'resume', 'subscribe'])
  expect(page.live.status.state).toBe('connected')
})

/** FNV-1a (32 bits) of each `id@v.r`, added modulo 2^32; computed with another implementation. */
const golden: [string, { count: number; sum: number }][] = [
  ['nothing', { count: 0, sum: 0 }],
  ['5860 in its first version', { count: 1, sum: 918_013_411 }],
  ['5860 in its second version', { count: 1, sum: 4_191_933_202 }],
  ['5860 in its second version, changed by the cloud', { count: 1, sum: 4_208_710_821 }],
  ['both', { count: 2, sum: 3_083_765_383 }],
]
const entity = (resource: string, seq: number, r = 0): EndpointEntity => {
  const state = endpointState(resource, 'NOT_INUSE')
  return { id: state.endpoint, v: formatVersion(epoch, seq), r, state }
}
const contents: EndpointEntity[][] = [
  [],
  [entity('5860', 1)],
  [entity('5860', 2)],
  [entity('5860', 2, 1)],
  [entity('5860', 2, 1), entity('5861', 7)],
]

test.each(golden.map(([name, digest], n) => [name, digest, contents[n] ?? []] as const))(
  'client and cloud compute the same digest, that of the golden file: %s',
  async (_, digest, entities) => {
    const w = Date.now()
    const row = (one: EndpointEntity): PresenceRow => ({
      ...one,
      w: 0,
      entity: one,
      ended: false,
      settledBy: undefined,
    })
    const answers = answer(
      'c',
      { site: 'a', keyId: 'k', scopes: ['presence:read'] },
      '{"action":"ping","topics":["endpoints"]}',
      {
        connections: { subscribe: async () => undefined },
        presence: { rows: async () => entities.map(row) },
        bridgeStatus: async () => ({}),
        epoch: async () => epoch,
        now: w,
      },
    )
    expect((await answers.next()).value).toEqual({ type: 'pong', digests: { endpoints: { ...digest, recent: [] } } })
    const store = new LiveStore()
    store.delta({ type: 'delta', topic: 'endpoints', epoch, ks: [1], w: 1, entities })
    for (const [, other] of golden) {
      expect(store.agrees('endpoints', other, w)).toBe(other === digest)
    }
  },
)

test('in a new epoch the counts begin at 1, so that a first delta with another count shows that some are missing', () => {
  const sequence = new Sequence()
  sequence.take(7, [40])
  expect(sequence.isMissingSome).toBe(false)
  sequence.take(8, [2])
  expect(sequence.isMissingSome).toBe(true)
  sequence.take(8, [1])
  expect(sequence.isMissingSome).toBe(false)
  sequence.take(7, [99])
  expect([sequence.epoch, sequence.isMissingSome]).toEqual([8, false])
})

test.each([
  [undefined, 'resume'],
  [['60'], 'subscribe'],
])('a complete client with the filter %j asks for what it missed by %s', (extensions, action) => {
  const topics = ['endpoints'] as const
  const follower = openFollower({ store: new LiveStore(), topics, extensions, emit: () => undefined })
  expect(follower.request()).toMatchObject({ action: 'subscribe' })
  const part = { topic: 'endpoints' as const, part: 1, parts: 1, epoch, w: 5_000, entities: [] }
  follower.apply({ type: 'snapshot', protocol: 1, ...part })
  expect(follower.isComplete()).toBe(true)
  expect(follower.request()).toMatchObject({ action })
  expect(follower.request(false)).toMatchObject({ action: 'subscribe' })
})

test('resumes from the last stamp up to which nothing is pending and nothing is missing', () => {
  const topics = ['endpoints', 'calls'] as const
  const follower = openFollower({ store: new LiveStore(), topics, emit: () => undefined })
  const snapshot = (topic: 'endpoints' | 'calls', w: number) =>
    follower.apply({ type: 'snapshot', protocol: 1, topic, part: 1, parts: 1, epoch, w, entities: [] })
  const delta = (k: number, w: number) =>
    follower.apply({ type: 'delta', topic: 'endpoints', epoch, ks: [k], w, entities: [] })
  follower.request()
  snapshot('endpoints', 5_000)
  expect(follower.request()).toMatchObject({ action: 'subscribe' })
  snapshot('endpoints', 6_000)
  snapshot('calls', 6_500)
  delta(1, 7_000)
  expect(follower.request()).toMatchObject({ action: 'resume', w: 7_000 })
  snapshot('endpoints', 8_000)
  snapshot('calls', 8_000)
  delta(2, 8_500)
  delta(4, 9_000)
  expect(follower.isMissingDeltas()).toBe(true)
  expect(follower.request()).toMatchObject({ action: 'resume', w: 8_500 })
})
