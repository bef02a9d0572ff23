import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { listDeliveries } from '../../functions/http/webhooks/deliveries.ts'
import { listWebhooks } from '../../functions/http/webhooks/list-webhooks.ts'
import { replayDeliveries } from '../../functions/http/webhooks/replay.ts'
import { handleMessages } from '../../functions/queues/deliver-webhooks/handle-messages.ts'
import { keys } from '../../functions/stores/table-keys.ts'
import { newDelivery, nextTry } from '../../functions/stores/webhook-deliveries.ts'
import { TargetStore } from '../../functions/stores/webhook-targets.ts'
import { documentClientOver } from '../simulate/presence/table.ts'
import { WebhookWorld } from '../support/webhook-world.ts'

/** Goal: a row of the webhooks' table that cannot be read stops only itself. Method: rows are written past their stores. */
const site = 'office'
const lines: string[] = []
beforeAll(() => void vi.spyOn(process.stdout, 'write').mockImplementation((line) => Boolean(lines.push(String(line)))))
afterAll(() => void vi.restoreAllMocks())

async function world() {
  const it = new WebhookWorld({ receiver: async () => ({ status: 204, ms: 1 }) })
  await it.makeWebhook('wh_1')
  const { deliveries } = it.ofApi()
  const time = new Date(it.clock.now).toISOString()
  const add = async (n: number, more = {}) => {
    const event = { id: `evt_${n}`, type: 'bridge.lost' as const, time, data: { lastHeard: time } }
    await deliveries.putEvent(site, event, it.clock.now)
    const row = { ...newDelivery('wh_1', event, 'pending', it.clock.now), ...more }
    await deliveries.create(site, row)
    return row
  }
  const put = (key: { pk: string; sk: string }, item: Record<string, unknown>) => it.putRow({ ...key, ...item })
  return { it, deliveries, add, put }
}

const odd: [what: string, message: unknown][] = [
  ['no JSON', '{"site":'],
  ['another schema', '{"site":"office"}'],
  ['an empty text', ''],
  ['no text', 7],
  ['no message', undefined],
  ['null', 'null'],
]
test.each(odd)(
  'a due row with %s is sent by what its key says, and those behind it are sent too',
  async (_, message) => {
    const { it, deliveries, add, put } = await world()
    const at = it.clock.now + 60_000
    const [first, second] = [await add(1, { n: 3, nextTryAt: at }), await add(2)]
    put(keys.deliveryDue(site, new Date(at).toISOString(), 'wh_1', first.id), { message })
    await deliveries.putDue(
      site,
      at + 1,
      { webhook: 'wh_1', delivery: second.id },
      JSON.stringify(nextTry(site, second)),
    )
    await it.run(180_000)
    expect(it.received.map(({ id }) => id).sort()).toEqual(['evt_1', 'evt_2'])
    expect((await deliveries.find(site, 'wh_1', first.id))?.n).toBe(4)
    expect(it.table.items().filter(({ pk }) => String(pk).startsWith('DUE#'))).toEqual([])
  },
)

test('due rows that name no delivery are counted and removed, and a hundred of them delay nobody', async () => {
  const { it, deliveries, add, put } = await world()
  const row = await add(1)
  const { pk } = keys.deliveryDue(site, '', '', '')
  const at = new Date(it.clock.now).toISOString()
  for (let n = 0; n < 100; n += 1) put({ pk, sk: `${at}#${n % 2 ? 'office#wh_1#gone' : 'odd'}${n}` }, { message: '?' })
  await deliveries.putDue(
    site,
    it.clock.now + 1,
    { webhook: 'wh_1', delivery: row.id },
    JSON.stringify(nextTry(site, row)),
  )
  lines.length = 0
  await it.run(120_000)
  expect(it.received.map(({ id }) => id)).toEqual(['evt_1'])
  expect(it.table.items().filter((item) => item['pk'] === pk)).toEqual([])
  expect(lines.filter((line) => line.includes('due-unreadable'))).toHaveLength(100)
})

test('a delivery that cannot be read is left out of the log, of a replay and of a batch, and the others are there', async () => {
  const { it, deliveries, add, put } = await world()
  const ended = await add(1, { state: 'failed' as const })
  const id = `${ended.id.slice(0, -1)}0`
  put(keys.delivery(site, 'wh_1', id), { webhook: 'wh_1', id, state: 'failed', tries: 'many' })
  const api = it.ofApi()
  const { deliveries: shown } = await listDeliveries(site, 'wh_1', {}, { ...api, cursorKey: 'k'.repeat(32) })
  expect(shown.map((one) => one.event)).toEqual(['evt_1'])
  it.clock.now += 1_000
  const queue = { sendReplay: async () => undefined }
  expect(await replayDeliveries(site, 'wh_1', {}, { ...api, queue, now: it.clock.now })).toMatchObject({ count: 1 })
  const pending = await add(3)
  await api.queue.send([{ ...pending, id }, pending].map((row) => ({ message: nextTry(site, row), delaySeconds: 0 })))
  await it.run(10_000)
  expect(it.received.map((one) => one.id)).toEqual(['evt_3'])
  expect(await deliveries.find(site, 'wh_1', pending.id)).toMatchObject({ state: 'delivered' })
})

test.each([{ rev: 3 }, { rev: 'x', state: {} }, { state: { leases: [] } }, {}])(
  'a receiver whose stored state is %j begins anew: its webhook is listed and delivers',
  async (item) => {
    const { it, add, put } = await world()
    put(keys.webhookTarget(site, 'wh_1'), item)
    const row = await add(1)
    const api = it.ofApi()
    const targets = new TargetStore(
      documentClientOver(async (command) => it.table.carryOut(command)),
      't',
    )
    expect((await listWebhooks(site, { ...api, targets })).webhooks).toHaveLength(1)
    await api.queue.send([{ message: nextTry(site, row), delaySeconds: 0 }])
    await it.run(10_000)
    expect(it.received).toHaveLength(1)
  },
)

test('a message that cannot be read fails alone', async () => {
  const { it, add } = await world()
  const row = await add(1)
  const bodies = ['{"site":', 'null', '{}', JSON.stringify(nextTry(site, row))]
  const records = bodies.map((body, n) => ({ messageId: `m${n}`, body }))
  expect(await handleMessages(records, it.ofQueue())).toEqual(['m0', 'm1', 'm2'])
  expect(it.received.map(({ id }) => id)).toEqual(['evt_1'])
})
