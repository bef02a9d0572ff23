import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { WebhookAnswer, WebhookRequest } from '../../functions/gateways/webhook-post.ts'
import { WebhookStore } from '../../functions/stores/webhooks.ts'
import { testDataKeys } from '../support/data-keys.ts'
import { callFact } from '../support/facts.ts'
import { killBetweenWrites } from '../support/killed-writes.ts'
import { WebhookWorld } from '../support/webhook-world.ts'

/**
 * Goal: with `ordering: call`, no event of a call is tried before the one before it is delivered or given up, and no other call waits.
 * Method: the functions of webhooks over tables in memory, with receivers that fail, on a virtual clock.
 */
const site = 'office'
beforeAll(() => void vi.spyOn(process.stdout, 'write').mockReturnValue(true))
afterAll(() => void vi.restoreAllMocks())

interface Try {
  call: string
  seq: string
  type: string
  id: string
  isDelivered: boolean
}
type Answer = (tried: Omit<Try, 'isDelivered'>, before: readonly Try[]) => Partial<WebhookAnswer>

/** A world whose receiver answers as it is told; `tries` are all that it got. */
function worldOf(answer: Answer, options: Partial<ConstructorParameters<typeof WebhookWorld>[0]> = {}) {
  const tries: Try[] = []
  const receiver = async ({ body }: WebhookRequest): Promise<WebhookAnswer> => {
    const { id, type, data } = JSON.parse(body)
    const tried = { call: String(data.call), seq: String(data.callSeq), type: String(type), id: String(id) }
    const answered = answer(tried, tries)
    tries.push({ ...tried, isDelivered: answered.status === 204 })
    return { ms: 1, ...answered }
  }
  return { world: new WebhookWorld({ receiver, ...options }), tries }
}
const ok = { status: 204 }
const busy = { status: 500 }
const wasTried = (id: string, before: readonly Try[]) => before.some((one) => one.id === id)

/** The message with a call's facts from its start to its end: five events. */
const callMessage = (world: WebhookWorld, call: string, epoch = 1) => {
  const time = new Date(world.clock.now).toISOString()
  const states = ['dialling', 'ringing', 'answered', 'ended'] as const
  return { site, facts: states.map((state, n) => callFact(site, [epoch, n + 1], call, state, time)) }
}
/** The delivered events of a call, each at its first delivery. */
const deliveredOf = (tries: readonly Try[], call: string) => {
  const own = tries.filter((one) => one.call === call && one.isDelivered)
  return [...new Map(own.map((one) => [one.id, one])).values()]
}
const isSorted = (seqs: readonly string[]) => seqs.every((seq, n) => n === 0 || (seqs[n - 1] ?? '') < seq)

test('the events of a call come one after the other, also if each fails first, and no other call waits for them', async () => {
  const { world, tries } = worldOf(({ call, id }, before) => (call === '1.1' && !wasTried(id, before) ? busy : ok))
  await world.makeWebhook('wh_1', { types: ['call.*'], ordering: 'call', perSecond: 100 })
  await world.publish(callMessage(world, '1.1'))
  await world.publish(callMessage(world, '2.2', 2))
  await world.run(3_000)
  expect(deliveredOf(tries, '1.1')).toEqual([])
  expect(tries.filter(({ call }) => call === '1.1')).toHaveLength(1)
  await world.run(20_000)
  const second = deliveredOf(tries, '2.2')
  expect(second.length).toBeGreaterThanOrEqual(3)
  expect(isSorted(second.map(({ seq }) => seq))).toBe(true)
  await world.run(40 * 60_000)
  const first = deliveredOf(tries, '1.1')
  expect(first).toHaveLength(second.length)
  expect(isSorted(first.map(({ seq }) => seq))).toBe(true)
  for (const [n, one] of first.entries()) {
    const before = tries.slice(
      0,
      tries.findIndex(({ id }) => id === one.id),
    )
    expect(deliveredOf(before, '1.1')).toHaveLength(n)
  }
})

test('an event that is given up after its last try lets the next one go', async () => {
  const { world, tries } = worldOf(({ type }) => (type === 'call.started' ? busy : ok))
  await world.makeWebhook('wh_1', { types: ['call.*'], ordering: 'call' })
  await world.publish(callMessage(world, '1.1'))
  await world.run(27 * 3_600_000)
  expect(new Set(tries.map(({ type }) => type))).toEqual(new Set(['call.started']))
  const asked = world.requests
  await world.run(3 * 3_600_000)
  expect(tries.filter(({ type }) => type === 'call.started')).toHaveLength(8)
  const rest = deliveredOf(tries, '1.1')
  expect(rest.length).toBeGreaterThanOrEqual(2)
  expect(isSorted(rest.map(({ seq }) => seq))).toBe(true)
  // Waiting for a day costs each of the others few requests.
  expect(asked).toBeLessThan(200)
})

test('without ordering, an event that fails holds none of its call', async () => {
  const { world, tries } = worldOf(({ type }) => (type === 'call.started' ? busy : ok))
  await world.makeWebhook('wh_1', { types: ['call.*'] })
  await world.publish(callMessage(world, '1.1'))
  await world.run(10_000)
  expect(deliveredOf(tries, '1.1').length).toBeGreaterThanOrEqual(2)
})

test('events of a disabled webhook are held and do not hold those that follow when it is on again', async () => {
  const { world, tries } = worldOf(() => ok)
  await world.makeWebhook('wh_1', { types: ['call.*'], ordering: 'call', enabled: false, disabledAt: world.clock.now })
  await world.publish({ ...callMessage(world, '1.1'), facts: callMessage(world, '1.1').facts.slice(0, 1) })
  await world.run(5_000)
  expect(tries).toEqual([])
  const webhooks = new WebhookStore(world.db, 't', testDataKeys)
  const row = await webhooks.find(site, 'wh_1')
  if (row) await webhooks.replace(site, { ...row, enabled: true }, row)
  await world.publish(callMessage(world, '1.1'))
  await world.run(20_000)
  expect(tries.map(({ type }) => type)).toContain('call.ended')
  expect(tries.map(({ type }) => type)).not.toContain('call.started')
})

test('the order holds when the functions are killed before any of their writes and SQS repeats every message', async () => {
  const kills = await killBetweenWrites(
    async (process, ground) => {
      const { world, tries } = worldOf(({ id }, before) => (wasTried(id, before) ? ok : busy), {
        process,
        isDoubled: true,
      })
      await world.makeWebhook('wh_1', { types: ['call.*'], ordering: 'call' })
      const { facts } = callMessage(world, '1.1')
      await world.publish({ site, facts: facts.slice(0, 2) })
      await world.run(15 * 60_000)
      const delivered = deliveredOf(tries, '1.1')
      expect(
        delivered.map(({ type }) => type),
        ground,
      ).toEqual(['call.started', 'call.ringing'])
      expect(isSorted(delivered.map(({ seq }) => seq)), ground).toBe(true)
    },
    async () => undefined,
  )
  expect(kills).toBeGreaterThanOrEqual(15)
})
