import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { ReplayMessage } from '../../functions/gateways/delivery-queue.ts'
import { replayDeliveries } from '../../functions/http/webhooks/replay.ts'
import { replayPage } from '../../functions/queues/deliver-webhooks/replay.ts'
import { newDelivery } from '../../functions/stores/webhook-deliveries.ts'
import { WebhookWorld } from '../support/webhook-world.ts'

const site = 'office'
beforeAll(() => void vi.spyOn(process.stdout, 'write').mockReturnValue(true))
afterAll(() => void vi.restoreAllMocks())

/** A webhook with `count` failed deliveries, a second apart, every tenth of them delivered. */
async function world(count: number, more = {}) {
  const it = new WebhookWorld({ receiver: async () => ({ status: 204, ms: 1 }) })
  const from = it.clock.now
  await it.makeWebhook('wh_1', { perSecond: 10, ...more })
  const api = it.ofApi()
  for (let n = 0; n < count; n += 1) {
    const time = new Date(from + n * 1000).toISOString()
    const event = {
      id: `evt_${String(n).padStart(8, '0')}`,
      type: 'bridge.lost' as const,
      time,
      data: { lastHeard: time },
    }
    await api.deliveries.putEvent(site, event, from)
    const row = newDelivery('wh_1', event, 'held', from)
    await api.deliveries.create(site, { ...row, state: n % 10 === 9 ? 'delivered' : 'failed', n: 8 })
  }
  it.clock.now = from + count * 1000
  const pages: ReplayMessage[] = []
  const queue = { ...api.queue, sendReplay: async (page: ReplayMessage) => void pages.push(page) }
  const ask = (request: Parameters<typeof replayDeliveries>[2]) =>
    replayDeliveries(site, 'wh_1', request, { ...api, queue, now: it.clock.now })
  /** Works through the replay; each page is handled `times` times, as after a crash. */
  const run = async (times = 1) => {
    for (let page = pages.shift(); page; page = pages.shift()) {
      for (let n = 0; n < times; n += 1) await replayPage(page, { ...api, queue, now: () => it.clock.now })
    }
    await it.run(120_000)
  }
  return { it, from, ask, run }
}
const problem = (errorId: string) => expect.objectContaining({ errorId })

test('a replay sends nothing until its count is confirmed, then every failed delivery once, at the rate of the webhook', async () => {
  const { it, ask, run } = await world(250)
  expect(await ask({})).toEqual({ count: 225, isMore: false, started: false })
  await expect(ask({ count: 224 })).rejects.toEqual(problem('replay-count'))
  await run()
  expect(it.received).toEqual([])
  const from = it.clock.now
  expect(await ask({ count: 225 })).toEqual({ count: 225, isMore: false, started: true })
  await run()
  const ids = it.received.map(({ id }) => id)
  expect([ids.length, new Set(ids).size]).toEqual([225, 225])
  // Every page is spread by itself here, since the pages do not wait for each other; the admission keeps the rate over all.
  for (const second of [0, 5, 10, 15])
    expect(
      it.received.filter(({ at }) => at >= from + second * 1000 && at < from + (second + 1) * 1000).length,
    ).toBeLessThan(25)
  expect(await ask({})).toMatchObject({ count: 0 })
})

test('a page of a replay that is handled twice sends each delivery once', async () => {
  const { it, ask, run } = await world(150)
  await ask({ count: 1_000 })
  await run(2)
  expect(it.received.length).toBe(135)
})

test('a replay has a window, states and types, and its bounds are the first included and the last not', async () => {
  const { from, ask } = await world(30)
  const at = (seconds: number) => new Date(from + seconds * 1000).toISOString()
  expect(await ask({ from: at(5), to: at(9) })).toMatchObject({ count: 4 })
  expect(await ask({ states: ['delivered'] })).toMatchObject({ count: 3 })
  expect(await ask({ types: ['call.*'] })).toMatchObject({ count: 0 })
  expect(await ask({ types: ['bridge.*'], states: ['failed', 'delivered'] })).toMatchObject({ count: 30 })
  await expect(ask({ from: at(9), to: at(5) })).rejects.toMatchObject({ status: 400 })
})

test('a disabled webhook has no replay, and one that is disabled in the middle ends it', async () => {
  const off = await world(3, { enabled: false })
  await expect(off.ask({ count: 3 })).rejects.toEqual(problem('webhook-disabled'))
  const { it, ask, run } = await world(3)
  await ask({ count: 3 })
  const row = await it.ofApi().webhooks.find(site, 'wh_1')
  if (row) await it.ofApi().webhooks.replace(site, { ...row, enabled: false }, row)
  await run()
  expect(it.received).toEqual([])
})
