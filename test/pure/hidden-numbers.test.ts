import fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { LiveStore } from '../../client/store.ts'
import { EntityTopic, type ServerFrame, SnapshotFrame, Topic } from '../../contracts/frames.ts'
import { hidden } from '../../functions/domain/personal.ts'
import { planPosts } from '../../functions/queues/fan-out/plan.ts'
import { answer } from '../../functions/websocket/message/answer.ts'
import { entitiesOf, rowsOf, type Secret, secrets } from '../support/hidden-worlds.ts'
import { propertyRuns } from '../support/property.ts'

/*
 * Goal: what a viewer may not see changes no frame. Method: two sites that differ in one number and one name alone get the same
 * frames of a client, and their answers and pushes are compared byte for byte. An operator's must differ.
 */

const now = Date.parse('2026-11-24T09:00:00.000Z')
const epoch = 1_795_500_000
const topics: EntityTopic[] = [...EntityTopic.options]
const views = {
  viewer: { site: 'office', keyId: 'k', scopes: ['presence:read'] },
  operator: { site: 'office', keyId: 'k', scopes: ['presence:read', 'presence:personal'] },
}
type View = keyof typeof views

async function answers(secret: Secret, scopes: string[], frame: object, ageMs = 60_000): Promise<ServerFrame[]> {
  const connection = { ...views.viewer, scopes }
  const frames: ServerFrame[] = []
  for await (const one of answer('c', connection, JSON.stringify(frame), {
    connections: { subscribe: async () => undefined },
    presence: { rows: async (_, topic) => rowsOf(secret, topic, now - ageMs) },
    bridgeStatus: async () => ({ lastHeard: '2026-11-24T08:59:59.000Z', stale: false }),
    epoch: async () => epoch,
    now,
  }))
    frames.push(one)
  return frames
}

/** Returns the messages that a change of every entity sends to one subscriber. */
async function pushes(secret: Secret, view: View, extensions?: string[]): Promise<string[]> {
  const outgoing = topics.map((topic) => {
    const entities = entitiesOf(secret, topic)
    const removed = [{ id: 'PJSIP/5899', v: '1795500000.0000000099', r: 1 }]
    const frame = { type: 'delta' as const, topic, epoch, ks: [1], w: now, entities, removed }
    return { topics: [topic], frame }
  })
  const subscriber = { id: 'c', personal: view === 'operator', extensions }
  const posts = await planPosts('office', outgoing, { subscribers: async () => [subscriber] }, now)
  return posts.flatMap(({ frames }) => frames)
}

/** Every way to name a person: number, name, what is shown of them, and their neighbours. */
const named = secrets.flatMap(({ number, name }) => [number, name, number.slice(-2), number.slice(1)])
const filters = [
  undefined,
  ['60'],
  ['61', 'PJSIP/5862'],
  [hidden],
  [`${hidden}78`],
  named,
  ...named.map((one) => [one]),
]

const cases = filters.map((extensions) => ({ filter: extensions && { extensions } }))

const requests = filters.flatMap((extensions): [string, object][] => {
  const filter = extensions && { extensions }
  const words = extensions ? ` for ${extensions.join(', ')}` : ''
  return [
    [`subscribe${words}`, { action: 'subscribe', topics: Topic.options, ...filter }],
    [`ping${words}`, { action: 'ping', topics, ...filter }],
  ]
})
const resumes: [string, object][] = [
  ['resume', { action: 'resume', topics, epoch, w: now - 120_000 }],
  ['resume in another epoch', { action: 'resume', topics, epoch: epoch - 1, w: now - 120_000 }],
]

describe.each(['viewer', 'operator'] as const)('a socket of the %s', (view) => {
  const { scopes } = views[view]
  const compare = (a: unknown, b: unknown) => [JSON.stringify(a) === JSON.stringify(b), JSON.stringify([a, b])] as const

  test.each([...requests, ...resumes])('%s', async (_, frame) => {
    const [same, text] = compare(await answers(secrets[0], scopes, frame), await answers(secrets[1], scopes, frame))
    if (view === 'viewer') {
      expect(same).toBe(true)
      expect(text).not.toMatch(/Canary|0612345678|0698765478/)
    } else if (!('extensions' in frame) && !text.includes('pong')) {
      expect(same).toBe(false)
      expect(text).toMatch(/Canary.*0612345678/)
    }
  })

  test.each(cases)('a push to the subscription $filter', async ({ filter }) => {
    const wanted = filter?.extensions
    const [same, text] = compare(await pushes(secrets[0], view, wanted), await pushes(secrets[1], view, wanted))
    if (view === 'viewer') {
      expect(same).toBe(true)
      expect(text).not.toMatch(/Canary|0612345678|0698765478/)
    } else if (!wanted) expect(text).toMatch(/Canary.*0612345678/)
  })

  test.each(cases)('the digest equals the snapshot of the subscription $filter', async ({ filter }) => {
    const store = new LiveStore()
    store.expectSnapshot(topics)
    for (const frame of await answers(secrets[0], scopes, { action: 'subscribe', topics, ...filter }))
      store.snapshot(v.parse(SnapshotFrame, frame))
    const [pong] = await answers(secrets[0], scopes, { action: 'ping', topics, ...filter })
    if (pong?.type !== 'pong' || !pong.digests) throw new Error('no digests')
    for (const topic of topics) {
      const digest = pong.digests[topic]
      expect(digest && store.agrees(topic, digest, now)).toBe(true)
      expect(digest?.count).toBe(store[topic].size)
    }
  })
})

test('a digest tells a viewer nothing about a number that it guesses, whether the number is right or not', async () => {
  const [{ number }] = secrets
  const near = fc.array(fc.constantFrom(...'0123456789'), { minLength: 0, maxLength: 3 }).map((end) => {
    return number.slice(0, number.length - end.length) + end.join('')
  })
  const guesses = fc.array(fc.oneof(near, fc.constant(number), fc.constant(hidden)), { minLength: 1, maxLength: 200 })
  const ages = fc.constantFrom(0, 1_000, 60_000)
  await fc.assert(
    fc.asyncProperty(guesses, ages, fc.constantFrom('ping', 'subscribe'), async (extensions, ageMs, action) => {
      const frame = { action, topics, extensions }
      const { scopes } = views.viewer
      const [a, b] = await Promise.all(secrets.map((secret) => answers(secret, scopes, frame, ageMs)))
      expect(a).toEqual(b)
    }),
    { numRuns: propertyRuns(500) },
  )
})

test.each([
  { action: 'subscribe', topics },
  { action: 'resume', topics, epoch, w: now },
  { action: 'ping', topics },
  { action: 'ping', topics: ['calls'], extensions: ['60'] },
])('a ticket without presence:read gets no state and no digest: %j', async (frame) => {
  expect(await answers(secrets[0], ['calls:read'], frame)).toMatchObject([{ type: 'error', errorId: 'scope-missing' }])
})

test('a ticket without presence:read may keep its socket open, and learns nothing by it', async () => {
  expect(await answers(secrets[0], ['calls:read'], { action: 'ping' })).toEqual([{ type: 'pong' }])
})
