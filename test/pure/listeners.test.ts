import { Webhook as Verifier } from 'standardwebhooks'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { listenerMsMax } from '../../contracts/listener.ts'
import { getWebhook } from '../../functions/http/webhooks/change-webhook.ts'
import { listWebhooks } from '../../functions/http/webhooks/list-webhooks.ts'
import { deleteListener, makeListener, readListener } from '../../functions/http/webhooks/listen.ts'
import { endpointFact } from '../support/facts.ts'
import { reader, WebhookWorld } from '../support/webhook-world.ts'

const site = 'office'
beforeAll(() => void vi.spyOn(process.stdout, 'write').mockReturnValue(true))
afterAll(() => void vi.restoreAllMocks())

async function world(types: string[] = ['*']) {
  const it = new WebhookWorld({ receiver: async () => ({ status: 204, ms: 1 }) })
  const by = (keyId = 'k', scopes: readonly string[] = reader.scopes) => ({
    ...it.ofApi(),
    now: it.clock.now,
    mark: { set: async () => undefined },
    rules: { ownHosts: [], allowsLocal: false },
    caller: { kind: 'key' as const, site, keyId, scopes: new Set(scopes) as never },
  })
  const made = await makeListener(site, { types }, by())
  const down = (n: number) =>
    it.publish({ site, pbx: { state: 'down', since: new Date(it.clock.now + n).toISOString() } })
  return { it, by, made, down }
}

test('a listener gets what happens as the signed request of a webhook, and nothing is posted', async () => {
  const { it, by, made, down } = await world()
  await down(0)
  await it.run(60_000)
  const page = await readListener(site, made.id, made, by())
  expect(page.requests).toHaveLength(1)
  for (const { headers, body, event } of page.requests) {
    vi.setSystemTime(it.clock.now)
    expect(new Verifier(made.secret).verify(body, headers)).toMatchObject({ type: 'pbx.down', id: event })
    expect(() => new Verifier(made.secret).verify(`${body} `, headers)).toThrow()
    vi.useRealTimers()
  }
  expect(it.received).toEqual([])
  expect(it.table.items().filter(({ pk }) => String(pk).startsWith('DUE#'))).toEqual([])
})

test('reads by a cursor miss nothing and end, also if a hundred events are stored in the same moment', async () => {
  const { it, by, made, down } = await world()
  for (let n = 0; n < 130; n += 1) await down(n)
  const seen: string[] = []
  let page = await readListener(site, made.id, made, by())
  for (let reads = 0; reads < 20; reads += 1) {
    seen.push(...page.requests.map(({ event }) => event))
    if (!page.isMore) break
    page = await readListener(site, made.id, page, by())
  }
  expect([seen.length, new Set(seen).size, page.isMore]).toEqual([130, 130, false])
  it.clock.now += 20_000
  page = await readListener(site, made.id, page, by())
  await down(500)
  const late = new Set<string>()
  for (let reads = 0; reads < 20; reads += 1) {
    page = await readListener(site, made.id, page, by())
    for (const { event } of page.requests) if (!seen.includes(event)) late.add(event)
    if (!page.isMore) break
  }
  expect(late.size).toBe(1)
})

test('a listener shows what its key may see, and only to this key', async () => {
  const { it, by, made } = await world(['forwarding.changed'])
  const fact = (seq: number, target?: string) => {
    const time = new Date(it.clock.now).toISOString()
    const made = endpointFact(site, [1, seq], '5860', 'NOT_INUSE', time)
    return { ...made, data: { ...made.data, ...(target && { forwardBusy: { target, since: time } }) } }
  }
  await it.publish({ site, facts: [fact(1)] })
  await it.publish({ site, facts: [fact(2, '0612345678')] })
  const bodies = async (scopes?: string[]) =>
    (await readListener(site, made.id, made, by('k', scopes))).requests.map(({ body }) => body).join('')
  expect(await bodies()).toContain('0612345678')
  expect(await bodies(['webhooks:manage', 'presence:read'])).toMatch(/^(?!.*0612345678).*forwarding\.changed/)
  const unknown = expect.objectContaining({ errorId: 'listener-unknown' })
  await expect(readListener(site, made.id, made, by('other'))).rejects.toEqual(unknown)
  await expect(deleteListener(site, made.id, by('other'))).rejects.toEqual(unknown)
  const narrow = makeListener(site, { types: ['call.ended'] }, by('k', ['webhooks:manage']))
  await expect(narrow).rejects.toEqual(expect.objectContaining({ errorId: 'scope-not-held' }))
})

test('a listener that is read goes on, one that is not ends, and one that is deleted gets nothing more', async () => {
  const { it, by, made, down } = await world()
  for (let n = 0; n < 4; n += 1) {
    it.clock.now += listenerMsMax - 1_000
    await readListener(site, made.id, made, by())
  }
  it.clock.now += listenerMsMax + 1
  await down(0)
  expect(it.table.items().filter(({ pk }) => pk === `${site}#SENT`)).toEqual([])
  const unknown = expect.objectContaining({ errorId: 'listener-unknown' })
  await expect(readListener(site, made.id, made, by())).rejects.toEqual(unknown)
  const next = await makeListener(site, { types: ['*'] }, by())
  await deleteListener(site, next.id, by())
  await expect(readListener(site, next.id, next, by())).rejects.toEqual(unknown)
})

test('listeners are limited, are no webhooks, and have a time at which the table deletes them', async () => {
  const { it, by, made } = await world()
  for (let n = 1; n < 10; n += 1) await makeListener(site, { types: ['*'] }, by())
  const limit = expect.objectContaining({ errorId: 'listener-limit' })
  await expect(makeListener(site, { types: ['*'] }, by())).rejects.toEqual(limit)
  const targets = { find: async () => ({}) as never, remove: async () => undefined }
  expect(await listWebhooks(site, { ...by(), targets })).toEqual({ webhooks: [] })
  const other = getWebhook(site, made.id, { ...by(), targets })
  await expect(other).rejects.toEqual(expect.objectContaining({ errorId: 'webhook-unknown' }))
  const ends = it.table.items().filter(({ pk }) => pk === `${site}#HOOKS`)
  expect(ends.every(({ ttl }) => Number(ttl) >= (it.clock.now + listenerMsMax) / 1000)).toBe(true)
})
