import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { eventId } from '../../functions/domain/webhooks/event.ts'
import type { WebhookAnswer } from '../../functions/gateways/webhook-post.ts'
import { callFact, endpointFact } from '../support/facts.ts'
import { killBetweenWrites } from '../support/killed-writes.ts'
import { type Receiver, WebhookWorld } from '../support/webhook-world.ts'

const site = 'office'
beforeAll(() => void vi.spyOn(process.stdout, 'write').mockReturnValue(true))
afterAll(() => void vi.restoreAllMocks())

const answer =
  (status: number, ms = 100): Receiver =>
  async (_, clock) => {
    await clock.wait(ms)
    return { status, ms }
  }
const hang: Receiver = async (_, clock): Promise<WebhookAnswer> => {
  await clock.wait(15_000)
  return { error: 'no answer in 15 s', ms: 15_000 }
}
const rows = (world: WebhookWorld) => world.table.items().filter(({ pk }) => pk === `${site}#SENT`)
const message = (world: WebhookWorld, call: string, seq: number) => {
  const time = new Date(world.clock.now).toISOString()
  const fact = (state: 'ringing' | 'answered', n: number) => callFact(site, [1, seq + n], call, state, time)
  const phone = endpointFact(site, [1, seq + 3], '5860', 'INUSE', time)
  return { site, facts: [fact('ringing', 1), fact('answered', 2), phone] }
}

/**
 * Goal: whatever write a function is killed before, no event is lost, and a receiver sees a duplicate only with the same id. Method:
 * one process is killed before its first write, its second and so on; SQS delivers its messages again, and each message twice. The
 * receiver fails at first, so that retries by SQS and by the table are among the writes.
 */
test('no event is lost when a function is killed before any of its writes and SQS repeats every message', async () => {
  let whole: string[] = []
  const kills = await killBetweenWrites(
    async (process, ground) => {
      const tries = new Map<string, number>()
      const receiver: Receiver = async ({ headers }, clock) => {
        await clock.wait(50)
        const id = headers['webhook-id'] ?? ''
        tries.set(id, (tries.get(id) ?? 0) + 1)
        return { status: (tries.get(id) ?? 0) < 5 ? 500 : 204, ms: 50 }
      }
      const world = new WebhookWorld({ receiver, isDoubled: true, process })
      await world.makeWebhook('wh_1', { types: ['call.started', 'endpoint.changed'] })
      await world.publish(message(world, '1.1', 0))
      await world.run(24 * 3_600_000)
      const ids = [...new Set(world.received.map(({ id }) => id))].sort()
      if (whole.length === 0) whole = ids
      expect(ids, ground).toEqual(whole)
      expect(
        rows(world).map(({ state }) => state),
        ground,
      ).toEqual(whole.map(() => 'delivered'))
    },
    async () => undefined,
  )
  expect(whole.length).toBe(2)
  expect(kills).toBeGreaterThan(20)
})

test('a delivery that always fails is tried eight times over 27 h 35 min and then failed', async () => {
  const world = new WebhookWorld({ receiver: answer(404) })
  await world.makeWebhook('wh_1', { types: ['call.started'] })
  await world.publish(message(world, '1.1', 0))
  const from = world.clock.now
  await world.run(30 * 3_600_000)
  const minutes = world.received.map(({ at }) => (at - from) / 60_000)
  // The sweep of each minute and the breaker's half hour may add to a wait; nothing comes early.
  const planned = [0, 0, 5, 35, 155, 455, 1055, 1655]
  expect(minutes).toHaveLength(planned.length)
  for (const [n, due] of planned.entries()) {
    expect(minutes[n]).toBeGreaterThanOrEqual(due)
    expect(minutes[n]).toBeLessThan(due + 8)
  }
  expect(rows(world)).toEqual([expect.objectContaining({ state: 'failed', failed: 'The last try failed.', n: 8 })])
})

/**
 * Goal: receivers that hang, fail, drip or answer at length delay no other. Method: 100 receivers get an event a second for a quarter of a minute;
 * the latencies of the 35 good ones are compared with those that they have alone.
 */
async function latencies(bad: number): Promise<number[]> {
  const receivers: Receiver[] = [
    ...Array.from({ length: 35 }, () => answer(204)),
    ...[
      ...Array(30).fill(hang),
      ...Array(20).fill(answer(500)),
      ...Array(10).fill(hang),
      ...Array(5).fill(answer(200, 2_000)),
    ].slice(0, bad),
  ]
  const world = new WebhookWorld({
    receiver: (request, clock) => (receivers[Number(request.webhook.slice(3))] ?? hang)(request, clock),
  })
  for (const n of receivers.keys()) await world.makeWebhook(`wh_${n}`, { types: ['call.started'] })
  const starts = new Map<string, number>()
  for (let n = 0; n < 15; n += 1) {
    starts.set(eventId(site, 'call.started', `${n}.1`), world.clock.now)
    await world.publish({ site, facts: message(world, `${n}.1`, n * 10).facts.slice(0, 1) })
    await world.run(1_000)
  }
  await world.run(20_000)
  const good = world.received.filter(({ webhook }) => Number(webhook.slice(3)) < 35)
  expect(good).toHaveLength(35 * 15)
  const found = good.map(({ id, at }) => at - (starts.get(id) ?? 0))
  // What was not delivered is visible, with its reason or as pending.
  const open = rows(world).filter(({ state }) => state !== 'delivered')
  expect(
    open.every(
      ({ state, tries, nextTryAt }) =>
        state === 'pending' && Array.isArray(tries) && (tries.length === 0 || typeof nextTryAt === 'number'),
    ),
  ).toBe(true)
  return found.sort((a, b) => a - b)
}
const p95 = (sorted: number[]) => sorted[Math.floor(sorted.length * 0.95)] ?? Number.NaN

test('65 receivers that hang, fail, drip or are slow do not delay 35 good ones', async () => {
  const alone = p95(await latencies(0))
  const together = p95(await latencies(65))
  expect(together).toBeLessThanOrEqual(1.5 * alone)
})
