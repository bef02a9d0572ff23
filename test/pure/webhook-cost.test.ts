import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { BusEntry } from '../../functions/domain/webhooks/bus-entry.ts'
import type { WebhookAnswer } from '../../functions/gateways/webhook-post.ts'
import { endpointFact } from '../support/facts.ts'
import { WebhookMeter } from '../support/webhook-meter.ts'
import { WebhookWorld } from '../support/webhook-world.ts'

/**
 * Goal: docs/webhooks.md says what a million events cost. Method: the functions of webhooks run over a table and queues that count every
 * request; the rows of the page's table are made of these counts.
 */
const site = 'office'
beforeAll(() => void vi.spyOn(process.stdout, 'write').mockReturnValue(true))
afterAll(() => void vi.restoreAllMocks())

interface Case {
  what: string
  /** Facts in a message of the bridge, and how many there are. */
  facts: number
  events: number
  /** How long the receiver takes, and what it answers; without it the site has no webhook. */
  receiver?: { ms: number; answer: Omit<WebhookAnswer, 'ms'> }
  hasBus?: boolean
}
const failing = { status: 500, answer: 'x'.repeat(4_096) }
const cases: Case[] = [
  {
    what: 'delivered at once, one event a message',
    facts: 1,
    events: 40,
    receiver: { ms: 300, answer: { status: 204 } },
  },
  {
    what: 'delivered at once, ten events a message',
    facts: 10,
    events: 40,
    receiver: { ms: 300, answer: { status: 204 } },
  },
  { what: 'eight tries that answer 500 with 4 KB', facts: 1, events: 1, receiver: { ms: 300, answer: failing } },
  {
    what: 'eight tries that hang',
    facts: 1,
    events: 1,
    receiver: { ms: 15_000, answer: { error: 'no answer in 15 s' } },
  },
  { what: 'on EventBridge, no webhook, ten events a message', facts: 10, events: 40, hasBus: true },
]

async function count({ facts, events, receiver, hasBus }: Case): Promise<WebhookMeter> {
  let meter = new WebhookMeter()
  let isWarm = false
  const world: WebhookWorld = new WebhookWorld({
    receiver: async ({ body }, clock) => {
      meter.bytesOut += Buffer.byteLength(body) + 500
      await clock.wait(receiver?.ms ?? 0)
      return isWarm ? { ms: receiver?.ms ?? 0, ...receiver?.answer } : { ms: 0, status: 204 }
    },
    ...(hasBus && {
      bus: {
        put: async (entries: readonly BusEntry[]) => {
          meter.eventsOnBus += entries.length
          return entries.map(() => undefined)
        },
      },
    }),
    meter: {
      onTable: (...of: Parameters<WebhookMeter['onTable']>) => meter.onTable(...of),
      onSend: (messages: number) => meter.onSend(messages),
      onBatch: (ms: number) => meter.onBatch(ms),
    } as WebhookMeter,
  })
  if (receiver) await world.makeWebhook('wh_1', { perSecond: 100 })
  let seq = 0
  const publish = async (from: number, number: number) => {
    const made = Array.from({ length: number }, (_, n) =>
      endpointFact(site, [1, ++seq], `${from + n}`, 'INUSE', new Date(world.clock.now).toISOString()),
    )
    meter.onSend(1)
    await world.publish({ site, facts: made })
    meter.onBatch(0)
  }
  // A receiver that has answered once gets more than two at a time.
  await publish(100, 1)
  await world.run(20_000)
  isWarm = true
  meter = new WebhookMeter()
  for (let n = 0; n < events; n += facts) {
    await publish(200 + n, facts)
    await world.run(1_000)
  }
  await world.run(receiver?.answer.status === 204 || !receiver ? 20_000 : 60 * 3_600_000)
  return meter
}

/** The counts of one event as a row of the page. */
async function rowOf(one: Case): Promise<string> {
  const meter = await count(one)
  const { writeUnits, readUnits, requestsOfSqs, invocations } = meter
  const { events } = one
  const each = [writeUnits, readUnits, requestsOfSqs, invocations].map((total) => (total / events).toFixed(1))
  const dollars = meter.perMillion(events)
  return `| ${[one.what, ...each, dollars < 100 ? dollars.toFixed(1) : dollars.toFixed(0)].join(' | ')} |`
}

test.each(cases)('docs/webhooks.md says what a million events cost: $what', async (one) => {
  const row = await rowOf(one)
  const page = readFileSync('docs/webhooks.md', 'utf8')
  const found = page.split('\n').find((line) => line.startsWith(`| ${one.what} |`))
  expect(found, 'the table of "What a delivery costs"').toBe(row)
})
