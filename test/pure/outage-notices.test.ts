import { expect, test } from 'vitest'
import { Outage, outageNotice } from '../../functions/domain/webhooks/outage-notice.ts'
import type { EventMessage } from '../../functions/gateways/event-queue.ts'
import { OutageTopicError } from '../../functions/gateways/outage-topic.ts'
import { webhookEvents } from '../../functions/queues/webhook-events.ts'
import { killBetweenWrites } from '../support/killed-writes.ts'
import { WebhookWorld } from '../support/webhook-world.ts'

const site = 'office'
const receiver = async () => ({ status: 204, ms: 1 })
const since = '2026-11-23T19:03:14.000Z'
const later = '2026-11-23T19:08:00.000Z'
const down: EventMessage = { site, pbx: { state: 'down', since } }

/** Handles messages, and then those that the function sent to itself. */
async function handle(world: WebhookWorld, ...messages: EventMessage[]): Promise<void> {
  for (const message of messages) await world.publish(message)
  for (const message of world.queued.splice(0)) await world.publish(message)
}

test('people are told once that the PBX or the bridge of a site is lost, and once that it is back', async () => {
  const world = new WebhookWorld({ receiver })
  await handle(world, down, down, { site, pbx: { state: 'up', since: later } })
  await handle(world, { site, lost: since }, { site, lost: since }, { site, back: true }, { site, back: true })
  expect(world.told.map(({ subject }) => subject)).toEqual([
    'Switchhook office: PBX down',
    'Switchhook office: PBX up',
    'Switchhook office: bridge lost',
    'Switchhook office: bridge back',
  ])
  await handle(world, { site, pbx: { state: 'down', since: later } })
  expect(world.told.at(-1)?.text).toContain(`Since: ${later}`)
})

test('a subject fits SNS for every site, and each text names the site and the time', () => {
  for (const type of Outage.entries.type.options) {
    const name = 'a'.repeat(32)
    const { subject, text, attributes } = outageNotice(name, { type, since })
    expect(subject).toMatch(/^[\x21-\x7e][\x20-\x7e]{1,99}$/)
    expect(text).toContain(name)
    expect(text).toContain(since)
    expect(attributes).toEqual({ site: name, type })
  }
})

test('while SNS fails, only the message of the notice fails, and the webhook has its event', async () => {
  const world = new WebhookWorld({ receiver })
  await world.makeWebhook('wh_1')
  const { notices } = world
  world.notices = { publish: async () => Promise.reject(new OutageTopicError('SNS answered 500')) }
  await world.publish(down)
  await world.run(5_000)
  expect(world.received).toHaveLength(1)
  const [notice] = world.queued
  await expect(world.publish(notice ?? down)).rejects.toThrow('SNS answered 500')
  world.notices = notices
  await world.publish(notice ?? down)
  expect(world.told).toHaveLength(1)
})

test('people are told at least once when the function is killed before any of its writes', async () => {
  const kills = await killBetweenWrites(
    async (process, ground) => {
      const world = new WebhookWorld({ receiver, process, isDoubled: true })
      await world.publish(down)
      expect(new Set(world.queued.map((message) => JSON.stringify(message))), ground).toEqual(
        new Set([JSON.stringify({ site, outage: { type: 'pbx.down', since } })]),
      )
    },
    async () => undefined,
  )
  expect(kills).toBeGreaterThanOrEqual(2)
})

test('outages of sites without webhooks are sent, and nothing else of them', async () => {
  const sent: EventMessage[] = []
  const queue = { send: async (message: EventMessage) => void sent.push(message) }
  const { publish } = webhookEvents({ has: async () => false }, queue, Date.now, false)
  await publish({ site, facts: [], back: true })
  await publish({ site, cdrs: [] })
  await publish({ site, calls: ['1.1'] })
  await publish({ site, lost: since })
  await publish({ ...down, facts: [] })
  expect(sent.map((message) => JSON.parse(JSON.stringify(message)))).toEqual([
    { site, back: true },
    { site, lost: since },
    down,
  ])
})
