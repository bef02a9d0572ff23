import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type BusEntry, busBatches, entryBytes } from '../../functions/domain/webhooks/bus-entry.ts'
import { EventBusError } from '../../functions/gateways/event-bus.ts'
import { webhookEvents } from '../../functions/queues/webhook-events.ts'
import { endpointFact } from '../support/facts.ts'
import { killBetweenWrites } from '../support/killed-writes.ts'
import { WebhookWorld } from '../support/webhook-world.ts'

const site = 'office'
beforeAll(() => void vi.spyOn(process.stdout, 'write').mockReturnValue(true))
afterAll(() => void vi.restoreAllMocks())

const receiver = async () => ({ status: 204, ms: 1 })
const idOf = ({ Detail }: BusEntry) => String(JSON.parse(Detail).id)
const at = (world: WebhookWorld, n: number) => new Date(world.clock.now + n).toISOString()
const down = (world: WebhookWorld, n = 0) => ({ site, pbx: { state: 'down' as const, since: at(world, n) } })

/** A bus that does not take the entries for which `refuses` returns an error. */
function collector(refuses: (entry: BusEntry, tries: number) => string | undefined = () => undefined) {
  const taken: BusEntry[] = []
  const tries = new Map<string, number>()
  const put = async (entries: readonly BusEntry[]) =>
    entries.map((entry) => {
      const id = idOf(entry)
      tries.set(id, (tries.get(id) ?? 0) + 1)
      const error = refuses(entry, tries.get(id) ?? 0)
      if (error === undefined) taken.push(entry)
      return error
    })
  return { taken, tries, put }
}

test('an event of a site without webhooks is put once, with the site as source, its type and the CloudEvent as detail', async () => {
  const bus = collector()
  const world = new WebhookWorld({ receiver, bus, isDoubled: true })
  await world.publish(down(world))
  await world.publish(down(world))
  expect(bus.taken).toEqual([
    { Source: site, DetailType: 'pbx.down', Detail: expect.any(String), Time: world.clock.now / 1000 },
  ])
  expect(JSON.parse(bus.taken[0]?.Detail ?? '')).toMatchObject({
    specversion: '1.0',
    type: 'pbx.down',
    source: '/sites/office',
    data: { since: at(world, 0) },
  })
  expect(world.table.items().filter(({ pk }) => pk === `${site}#SENT`)).toEqual([])
})

test.each([false, true])(
  'numbers are on the bus only if the setting of the site says so: %s',
  async (showsPersonal) => {
    const bus = collector()
    const world = new WebhookWorld({ receiver, bus, settings: { showsPersonal } })
    const fact = (seq: number, target?: string) => {
      const made = endpointFact(site, [1, seq], '5860', 'NOT_INUSE', at(world, seq))
      return { ...made, data: { ...made.data, ...(target && { forwardBusy: { target, since: at(world, seq) } }) } }
    }
    await world.publish({ site, facts: [fact(1), fact(2, '0612345678')] })
    expect(bus.taken.map(({ DetailType }) => DetailType)).toContain('forwarding.changed')
    expect(JSON.stringify(bus.taken).includes('0612345678')).toBe(showsPersonal)
  },
)

test('an entry that fails is put again alone; one that goes on failing comes back by the queue, and webhooks do not wait', async () => {
  const bus = collector((entry, tries) => {
    const isSecond = entry.Detail.includes('.001Z')
    if (isSecond && tries < 2) return 'ThrottlingException'
    return entry.Detail.includes('.002Z') && tries < 5 ? 'InternalFailure' : undefined
  })
  const world = new WebhookWorld({ receiver, bus })
  await world.makeWebhook('wh_1')
  for (const n of [0, 1, 2]) await world.publish(down(world, n))
  expect([...bus.tries.values()]).toEqual([1, 2, 3])
  expect(bus.taken).toHaveLength(2)
  await world.run(5_000)
  expect(world.received).toHaveLength(3)
  const [again] = world.backlog
  expect(world.backlog).toEqual([{ site, bus: [expect.stringMatching(/^evt_/)], busTries: 0 }])
  expect(JSON.stringify(again)).not.toContain('pbx')
  if (again) await world.publish(again)
  expect(new Set(bus.taken.map(idOf)).size).toBe(3)
})

test('events that the bus does not take are tried for a day, then their message fails into the dead-letter queue of SQS', async () => {
  const bus = collector(() => 'ThrottlingException')
  const world = new WebhookWorld({ receiver, bus })
  await world.publish(down(world))
  const delays: number[] = []
  for (let n = 0; n < 400; n += 1) {
    const message = world.backlog[n]
    if (!message || (message.busTries ?? 0) >= 288) break
    delays.push(world.delays[n] ?? 0)
    await world.publish(message)
  }
  expect(delays.slice(0, 4)).toEqual([60, 300, 300, 300])
  expect(delays.reduce((sum, seconds) => sum + seconds, 0)).toBeGreaterThan(86_000)
  const last = world.backlog.at(-1) ?? { site }
  await expect(world.publish(last)).rejects.toThrow('EventBridge did not take 1 events after 288 tries')
  // Redriven when the bus is back, the same message puts its event.
  const back = collector()
  await new WebhookWorld({ receiver, bus: back, table: world.table }).publish(last)
  expect(back.taken).toHaveLength(1)
})

test('an entry that EventBridge can never take is dead-lettered alone, and the others of its message are on the bus', async () => {
  const bus = collector(({ DetailType }) => (DetailType === 'pbx.down' ? 'MalformedDetail' : undefined))
  const world = new WebhookWorld({ receiver, bus })
  const facts = [endpointFact(site, [1, 1], '5860', 'INUSE', at(world, 1))]
  await world.publish({ ...down(world), facts })
  expect([...bus.tries.values()]).toEqual([1, 1])
  expect(world.backlog).toEqual([{ site, bus: [expect.stringMatching(/^evt_/)], busTries: 288 }])
  const [dead] = world.backlog
  await expect(world.publish(dead ?? { site })).rejects.toThrow(EventBusError)
  const onBus = bus.taken.map(({ DetailType }) => DetailType)
  expect(onBus).toEqual(['endpoint.changed'])
  // A message in which only some are hopeless comes back without them, and fails alone.
  const ids = [...bus.tries.keys()]
  await world.publish({ site, bus: ids, busTries: 3 })
  expect(world.backlog.at(-1)).toEqual({ site, bus: dead?.bus, busTries: 288 })
})

test('the events of a message go to the bus ten in a request, and what was seen is stored after them', async () => {
  const sizes: number[] = []
  const bus = {
    put: async (entries: readonly BusEntry[]) => {
      sizes.push(entries.length)
      return entries.map(() => undefined)
    },
  }
  const world = new WebhookWorld({ receiver, bus })
  const phone = (n: number, seq: number, state: string) => endpointFact(site, [1, seq], `58${n}`, state, at(world, seq))
  const facts = (state: string, from: number) => Array.from({ length: 35 }, (_, n) => phone(n, from + n, state))
  await world.publish({ site, facts: [...facts('NOT_INUSE', 1), ...facts('INUSE', 50), ...facts('RINGING', 100)] })
  expect(sizes).toEqual([...Array(10).fill(10), 5])
  await world.publish({ site, facts: facts('RINGING', 100) })
  expect(sizes).toHaveLength(11)
})

test('a late message of a deleted site stores and puts nothing', async () => {
  const bus = collector()
  const world = new WebhookWorld({ receiver, bus, settings: null })
  await world.publish(down(world))
  expect([bus.taken, world.backlog]).toEqual([[], []])
  expect(world.table.items().filter(({ pk }) => pk === 'office#EVENTS')).toEqual([])
})

test('while the bus does not answer, events go to the queue at once instead of waiting for it one by one', async () => {
  let puts = 0
  const put = async () => {
    puts += 1
    throw new EventBusError('EventBridge did not answer')
  }
  const world = new WebhookWorld({ receiver, bus: { put } })
  const bus = world.bus()
  const event = { id: 'evt_1', type: 'pbx.down' as const, time: at(world, 0), data: { since: at(world, 0) } }
  for (let n = 0; n < 50; n += 1) await bus?.publish(site, [{ ...event, id: `evt_${n}` }])
  expect([puts, world.backlog.length]).toEqual([3, 50])
})

test('no event is lost for the bus when the function is killed before any of its writes, and each has one id', async () => {
  let kills = 0
  kills = await killBetweenWrites(
    async (process, ground) => {
      const bus = collector((_, tries) => (tries < 4 ? 'InternalFailure' : undefined))
      const world = new WebhookWorld({ receiver, bus, process, isDoubled: true })
      await world.makeWebhook('wh_1')
      await world.publish(down(world))
      for (const message of world.backlog) await world.publish(message)
      expect([...new Set(bus.taken.map(idOf))], ground).toHaveLength(1)
    },
    async () => undefined,
  )
  expect(kills).toBeGreaterThanOrEqual(8)
})

test('entries are divided by their number and their size in bytes, in order, and none is left out', () => {
  const entry = (chars: number, n: number) => ({
    entry: { Source: site, DetailType: 'call.ended', Detail: `"${'é'.repeat(chars / 2)}"`, Time: n },
  })
  expect(entryBytes(entry(10, 1).entry)).toBe(14 + 6 + 10 + 12)
  const sizes = (list: ReturnType<typeof entry>[]) => busBatches(list).map((batch) => batch.length)
  expect(sizes(Array.from({ length: 25 }, (_, n) => entry(10, n)))).toEqual([10, 10, 5])
  expect(sizes(Array.from({ length: 5 }, (_, n) => entry(100_000, n)))).toEqual([2, 2, 1])
  expect(sizes([entry(10, 1), entry(400_000, 2), entry(10, 3)])).toEqual([1, 1, 1])
  expect(busBatches([])).toEqual([])
})

test('with a bus the events of every site are sent, and without one those of sites with webhooks', async () => {
  const sent: string[] = []
  const queue = { send: async ({ site: of }: { site: string }) => void sent.push(of) }
  const mark = { has: async (of: string) => of === 'hooked' }
  for (const hasBus of [false, true]) {
    const { publish } = webhookEvents(mark, queue, Date.now, hasBus)
    for (const of of ['plain', 'hooked']) await publish({ site: of, calls: ['1.1'] })
  }
  expect(sent).toEqual(['hooked', 'plain', 'hooked'])
})
