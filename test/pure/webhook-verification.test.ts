import { expect, test } from 'vitest'
import type { SiteKey } from '../../functions/caller.ts'
import type { WebhookAnswer, WebhookRequest } from '../../functions/gateways/webhook-post.ts'
import { changeWebhook } from '../../functions/http/webhooks/change-webhook.ts'
import { makeWebhook } from '../../functions/http/webhooks/make-webhook.ts'
import { showWebhook } from '../../functions/http/webhooks/show-webhook.ts'
import { WebhookStore } from '../../functions/stores/webhooks.ts'
import { testDataKeys } from '../support/data-keys.ts'
import { WebhookWorld } from '../support/webhook-world.ts'

/**
 * Goal: with `verify` a receiver gets no event before it has agreed. Method: the function of deliveries against receivers that answer an
 * OPTIONS request in every way, over tables in memory. https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md
 */
const site = 'office'
const minute = 60_000
const down = (world: WebhookWorld, n = 0) => ({
  site,
  pbx: { state: 'down' as const, since: new Date(world.clock.now + n).toISOString() },
})

type Ask = (request: WebhookRequest) => Partial<WebhookAnswer>
/** A world with a webhook that asks; `posted` are the events that its receiver got. */
async function worldWith(ask: Ask, more: Record<string, unknown> = {}) {
  const asked: WebhookRequest[] = []
  const posted: WebhookRequest[] = []
  const receiver = async (request: WebhookRequest): Promise<WebhookAnswer> => {
    const isAsk = request.method === 'OPTIONS'
    ;(isAsk ? asked : posted).push(request)
    return isAsk ? { ms: 1, ...ask(request) } : { status: 204, ms: 1 }
  }
  const world = new WebhookWorld({ receiver })
  await world.makeWebhook('wh_1', { verify: true, headers: { authorization: 'Bearer secret' }, ...more })
  const row = async () => {
    const found = await new WebhookStore(world.db, 't', testDataKeys).find(site, 'wh_1')
    if (!found) throw new Error('no webhook')
    return found
  }
  const log = async () => (await world.ofApi().deliveries.page(site, 'wh_1', { limit: 10 })).rows
  return { world, asked, posted, row, log }
}
const allowed = (origin?: string, rate?: string): Partial<WebhookAnswer> => ({ status: 200, allowed: { origin, rate } })

test.each<[origin: string]>([['*'], ['switchhook'], ['Other.example, SWITCHHOOK']])(
  'a receiver that allows %s is asked once, without the credentials of the webhook, and gets its events',
  async (origin) => {
    const { world, asked, posted, row } = await worldWith(() => allowed(origin))
    for (const n of [0, 1, 2]) {
      await world.publish(down(world, n))
      await world.run(5_000)
    }
    expect(posted).toHaveLength(3)
    expect(asked.map(({ headers, body }) => [headers, body])).toEqual([
      [{ 'user-agent': 'Switchhook', 'webhook-request-origin': 'switchhook', 'webhook-request-rate': '600' }, ''],
    ])
    expect(showWebhook(await row(), {}, 0)).toMatchObject({ verified: true })
  },
)

test.each<[what: string, answer: Partial<WebhookAnswer>, says: RegExp]>([
  ['a status alone', { status: 200 }, /WebHook-Allowed-Origin: switchhook, and answered 200/],
  ['another origin', allowed('evil.example'), /has not agreed/],
  ['a part of the origin', allowed('switch'), /has not agreed/],
  ['a refusal with the header', { ...allowed('*'), status: 405 }, /answered 405/],
  ['a redirect', { ...allowed('*'), status: 302 }, /answered 302/],
  ['no answer', { error: 'ECONNREFUSED' }, /verification: ECONNREFUSED/],
])('is no consent: %s; the tries follow the schedule, and the log says why', async (_what, answer, says) => {
  const { world, posted, asked, row, log } = await worldWith(() => answer)
  await world.publish(down(world))
  await world.run(10 * minute)
  expect(posted).toEqual([])
  expect(asked.length).toBeGreaterThanOrEqual(3)
  const [delivery] = await log()
  expect(delivery).toMatchObject({ state: 'pending', n: asked.length })
  expect(delivery?.tries[0]?.error).toMatch(says)
  expect(showWebhook(await row(), {}, 0)).toMatchObject({ verified: false })
})

test('a receiver that agrees later gets what waited, with the ids of the events', async () => {
  let agrees = false
  const { world, posted } = await worldWith(() => (agrees ? allowed('*') : { status: 404 }))
  await world.publish(down(world))
  await world.run(minute)
  agrees = true
  await world.run(2 * 60 * minute)
  expect(posted.map(({ headers }) => headers['webhook-id'])).toEqual([expect.stringMatching(/^evt_/)])
})

test('a receiver that answers 410 to the question disables the webhook', async () => {
  const { world, posted, row } = await worldWith(() => ({ status: 410 }))
  await world.publish(down(world))
  await world.run(minute)
  expect(posted).toEqual([])
  expect(await row()).toMatchObject({ enabled: false, disabledBecause: 'gone' })
})

test.each<[rate: string | undefined, perMinute: number | undefined]>([
  ['120', 120],
  ['*', undefined],
  [undefined, undefined],
  ['0', undefined],
  ['-5', undefined],
  ['many', undefined],
])('the rate that the receiver names, %s, holds with that of the webhook', async (rate, perMinute) => {
  const { world, posted, row } = await worldWith(() => allowed('*', rate))
  await world.publish(down(world))
  await world.run(minute)
  expect((await row()).allowedPerMinute).toBe(perMinute)
  const facts = Array.from({ length: 60 }, (_, n) => n)
  for (const n of facts) await world.publish(down(world, n + 1))
  const before = posted.length
  await world.run(15_000)
  // Two a second, and one second's worth at once.
  if (perMinute === 120) expect(posted.length - before).toBeLessThanOrEqual(34)
  else expect(posted.length - before).toBe(60)
})

test('another address, or turning the question off and on, asks again; another change does not', async () => {
  const { world, asked, row } = await worldWith(() => allowed('*'))
  const send = async (n: number) => {
    await world.publish(down(world, n))
    await world.run(5_000)
    return asked.length
  }
  expect(await send(0)).toBe(1)
  const caller: SiteKey = { kind: 'key', site, keyId: 'k', scopes: new Set(['webhooks:manage']) }
  const change = async (body: Parameters<typeof changeWebhook>[2]) => {
    const dependencies = { ...world.ofApi(), ...world.ofQueue(), caller, now: world.clock.now }
    const targets = { find: async () => ({}) as never, remove: async () => undefined }
    const webhooks = new WebhookStore(world.db, 't', testDataKeys)
    await changeWebhook(site, 'wh_1', body, {}, { ...dependencies, webhooks, targets })
  }
  await change({ description: 'a note' })
  expect(await send(1)).toBe(1)
  await change({ url: 'https://wh-1.example.org/other' })
  expect((await row()).verified).toBeUndefined()
  expect(await send(2)).toBe(2)
  await change({ verify: false })
  expect(await send(3)).toBe(2)
  await change({ verify: true })
  expect(await send(4)).toBe(3)
})

test.each(['slack', 'teams'] as const)('%s cannot be asked: 400 names the field', async (format) => {
  const world = new WebhookWorld({ receiver: async () => ({ status: 200, ms: 1 }) })
  const caller: SiteKey = { kind: 'key', site, keyId: 'k', scopes: new Set(['webhooks:manage']) }
  const webhooks = new WebhookStore(world.db, 't', testDataKeys)
  const dependencies = { caller, webhooks, mark: { set: async () => undefined }, rules: world.ofQueue().rules, now: 0 }
  const request = { url: 'https://hooks.example.com/x', types: ['*'], format, verify: true }
  await expect(makeWebhook(site, request, undefined, dependencies)).rejects.toMatchObject({
    status: 400,
    errors: [{ field: 'verify' }],
  })
})
