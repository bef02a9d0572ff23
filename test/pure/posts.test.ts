import { expect, test } from 'vitest'
import { type PostDependencies, postAll } from '../../functions/queues/fan-out/post-all.ts'

type Outcome = Awaited<ReturnType<PostDependencies['sockets']['post']>>

/** Posts to connections that answer with the given outcomes, in their order, and then with `sent`. */
async function postTo(answers: Record<string, Outcome[]>, frames: string[], over: Partial<PostDependencies> = {}) {
  const [posted, closed, waits]: [string[], string[], number[]] = [[], [], []]
  let now = 1_000
  const count = await postAll('office', [{ ids: Object.keys(answers), frames }], {
    sockets: {
      post: async (id, frame) => {
        posted.push(`${id} ${frame}`)
        return answers[id]?.shift() ?? 'sent'
      },
    },
    connections: { close: async (id, site) => void closed.push(`${site} ${id}`) },
    now: () => now,
    wait: async (ms) => {
      waits.push(ms)
      now += ms
    },
    random: () => 0.5,
    ...over,
  })
  return { posted, closed, waits, count }
}

test('a connection that API Gateway no longer knows (410) is removed, and gets no further frame', async () => {
  const { posted, closed, count } = await postTo({ a: ['gone'], b: [] }, ['1', '2'])
  expect(closed).toEqual(['office a'])
  expect(posted.filter((one) => one.startsWith('a'))).toEqual(['a 1'])
  expect(posted.filter((one) => one.startsWith('b'))).toEqual(['b 1', 'b 2'])
  expect(count).toMatchObject({ gone: 1, sent: 2, failed: 0 })
})

test('a throttled post is tried again later, from the frame that was not sent, up to four times', async () => {
  const { posted, closed, waits, count } = await postTo({ a: ['sent', 'throttled', 'throttled'] }, ['1', '2', '3'])
  expect(posted).toEqual(['a 1', 'a 2', 'a 2', 'a 2', 'a 3'])
  expect([closed, waits]).toEqual([[], [50, 100]])
  expect(count).toMatchObject({ sent: 3, throttled: 2, failed: 0, unreached: 0 })
  const always = await postTo({ a: Array<Outcome>(9).fill('throttled') }, ['1'])
  expect(always.posted).toHaveLength(4)
  expect(always.count).toMatchObject({ throttled: 4, failed: 1 })
})

test('throttled posts wait behind those to other connections', async () => {
  const many = Object.fromEntries(Array.from({ length: 150 }, (_, n) => [`c${n}`, n === 0 ? ['throttled'] : []]))
  const { posted } = await postTo(many as Record<string, Outcome[]>, ['1'])
  expect(posted.lastIndexOf('c0 1')).toBe(150)
})

test('a post that fails is not tried again, and a connection that cannot be removed stops no other', async () => {
  const broken = { close: async () => Promise.reject(new Error('the table is busy')) }
  const { posted, count } = await postTo({ a: ['gone'], b: ['failed'], c: [] }, ['1', '2'], { connections: broken })
  expect(posted).toEqual(expect.arrayContaining(['a 1', 'b 1', 'c 1', 'c 2']))
  expect(posted).toHaveLength(4)
  expect(count).toMatchObject({ sent: 2, failed: 2 })
})

test('connections that are not reached within three seconds are counted', async () => {
  let now = 0
  const slow = { now: () => (now += 1_000) }
  const { count } = await postTo({ a: [], b: [], c: [], d: [], e: [] }, ['1'], slow)
  expect(count.unreached).toBeGreaterThan(0)
  expect(count.sent + count.unreached).toBe(5)
})
