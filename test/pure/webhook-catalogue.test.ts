import * as v from 'valibot'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { AttackTally } from '../../bridge/normalise/attacks.ts'
import { Stamp } from '../../bridge/normalise/stamp.ts'
import { checksumOf } from '../../contracts/cdr-digest.ts'
import { bridgeSource, factIdentity, type GapEvent, type HeartbeatEvent } from '../../contracts/events.ts'
import type { EndpointState } from '../../contracts/facts.ts'
import { SiteSettings } from '../../contracts/site.ts'
import { eventDefinition, type WebhookEventType, webhookEventTypes } from '../../contracts/webhook-events.ts'
import { foldPresence, pbxReport } from '../../functions/domain/presence-fold.ts'
import { visibleData } from '../../functions/domain/webhooks/render.ts'
import type { EventMessage } from '../../functions/gateways/event-queue.ts'
import { takeCallQuota } from '../../functions/http/placed-calls/call-quota.ts'
import { testWebhook } from '../../functions/http/webhooks/deliveries.ts'
import { receiveDigest } from '../../functions/queues/persist-records/receive-digest.ts'
import { publishSilence } from '../../functions/queues/watch/publish-silence.ts'
import { publishFacts, publishRecords, type WebhookEvents } from '../../functions/queues/webhook-events.ts'
import { makeCdr } from '../support/cdrs.ts'
import { callFact, endpointFact, queueFact } from '../support/facts.ts'
import { WebhookWorld } from '../support/webhook-world.ts'

/**
 * Goal: nothing in the catalogue is promised in vain. Method: for each type, the use case that finds the fact out runs with the fact as the
 * bridge or a caller gives it; what it sends to the queue goes through the functions of webhooks to a receiver.
 */
const site = 'office'
const start = Date.parse('2026-11-23T19:00:00Z')
const time = (seconds: number) => new Date(start + seconds * 1000).toISOString()
beforeAll(() => void vi.spyOn(process.stdout, 'write').mockReturnValue(true))
afterAll(() => void vi.restoreAllMocks())

type Source = (sent: WebhookEvents, world: WebhookWorld) => Promise<unknown>
const none = { isBack: false }
const call =
  (state: 'ringing' | 'answered' | 'ended', more = {}): Source =>
  (sent) => {
    const fact = callFact(site, [1, 1], '1.1', state, time(1))
    return publishFacts(site, [{ ...fact, data: { ...fact.data, ...more } }], none, sent)
  }
/** A phone whose state changes. */
const phone =
  (before: Partial<EndpointState>, after: Partial<EndpointState>): Source =>
  async (sent) => {
    for (const [n, more] of [before, after].entries()) {
      const fact = endpointFact(site, [1, n + 1], '5860', 'NOT_INUSE', time(n + 100))
      const data = { ...fact.data, since: time(0), number: '60', name: 'Anna', ...more }
      await publishFacts(site, [{ ...fact, data }], none, sent)
    }
  }
const heartbeat = (seq: number, pbx: 'up' | 'down', pbxSince: string): HeartbeatEvent => ({
  specversion: '1.0',
  source: bridgeSource(site),
  subject: site,
  time: time(seq),
  ...factIdentity(site, 1, seq),
  type: 'switchhook.heartbeat.v1',
  data: { run: 'r', pbx, pbxSince, counters: {} },
})
const pbx = async (sent: WebhookEvents, ...beats: HeartbeatEvent[]) => {
  for (const beat of beats) {
    const report = pbxReport(foldPresence(site, [{ sentAt: start, events: [beat] }]))
    await publishFacts(site, [], { isBack: false, ...(report && { pbx: report }) }, sent)
  }
}
const silence: Source = (webhooks) => {
  const silences = { newlySilent: async () => [{ site, lastHeard: time(5) }], markSilencePublished: async () => true }
  const fanOut = { now: () => start, connections: { subscribers: async () => [] }, webhooks } as never
  return publishSilence(silences, fanOut, start + 1_000)
}

const sources: Record<WebhookEventType, Source> = {
  'call.started': call('ringing'),
  'call.ringing': call('ringing'),
  'call.answered': call('answered'),
  'call.ended': call('ended', { endedAt: time(9), result: 'answered' }),
  'call.missed': call('ended', { endedAt: time(9), result: 'no-answer' }),
  'cdr.recorded': (sent) => publishRecords(site, [makeCdr(1)], sent),
  'endpoint.changed': phone({}, { deviceState: 'INUSE' }),
  'voicemail.changed': phone(
    { mailbox: { new: 0, old: 0, since: time(0) } },
    { mailbox: { new: 1, old: 0, since: time(101) } },
  ),
  'forwarding.changed': phone({}, { forwardBusy: { target: '0612345678', since: time(101) } }),
  'dnd.changed': phone({ dnd: { since: time(0) } }, {}),
  'queue.changed': (sent) => {
    const caller = { uniqueid: '1.1', position: 1, number: '0612345678', name: 'Anna', since: new Date().toISOString() }
    const part = { part: 'caller' as const, queue: '400', ...caller }
    return publishFacts(site, [queueFact(site, [1, 1], '400/callers/1.1', part)], none, sent)
  },
  'bridge.lost': silence,
  'bridge.connected': async (sent, world) => {
    await silence(sent, world)
    await publishFacts(site, [], { isBack: true }, sent)
  },
  'bridge.gap': (sent) => {
    const fact = heartbeat(7, 'up', time(0))
    const data = { from: time(1), to: time(2), reason: 'the connection to Asterisk was lost' }
    const gap: GapEvent = { ...fact, type: 'switchhook.gap.v1', data }
    return publishFacts(site, [gap], none, sent)
  },
  'pbx.down': (sent) => pbx(sent, heartbeat(1, 'down', time(3))),
  'pbx.up': (sent) => pbx(sent, heartbeat(1, 'down', time(3)), heartbeat(2, 'up', time(4))),
  'key.frozen': (webhooks) => {
    const settings = { ...v.parse(SiteSettings, {}), freezeOnCap: true }
    const request = { site, keyId: 'k', ownKey: 'k', call: 'c', settings, rules: {}, accountRules: {}, now: start }
    const dependencies = {
      caps: { take: async () => ({ cap: 'day' as const, until: start + 1 }) },
      open: { add: async () => true, remove: async () => undefined, list: async () => [] },
      freezes: {
        isFrozen: async () => false,
        freeze: async () => start,
        intend: async () => undefined,
        forget: async () => undefined,
      },
      placed: { find: async () => undefined },
      webhooks,
    }
    return takeCallQuota(request as never, dependencies as never).catch(() => undefined)
  },
  'site.verified': (webhooks) => {
    const asked = { run: 'r', day: '2026-11-22', askedAt: time(0), repair: false, state: 'asked' as const }
    const parts: never[] = []
    const days = {
      find: async () => asked,
      putPart: async (_: unknown, part: unknown) => void parts.push(part as never),
      parts: async () => parts,
      stored: async () => [],
      finish: async () => true,
    }
    const digest = {
      run: 'r',
      day: asked.day,
      part: 1,
      parts: 1,
      from: '2026-11-22T00:00:00Z',
      to: '2026-11-23T00:00:00Z',
    }
    const whole = { ...digest, count: 0, checksum: checksumOf([]), prints: [] }
    return receiveDigest(site, whole as never, { days, webhooks, now: () => start })
  },
  // Three calls at once to Cuba on a Monday evening.
  'fraud.suspected': async (sent) => {
    for (const n of [1, 2, 3]) {
      const fact = callFact(site, [1, n], `1.${n}`, 'ringing', time(n * 20))
      const dialled = `005352${n}23456`
      await publishFacts(site, [{ ...fact, data: { ...fact.data, dialled, callees: [] } }], none, sent)
    }
  },
  'security.attack': (sent) => {
    const tally = new AttackTally()
    const refused = new Map([
      ['event', 'InvalidAccountID'],
      ['remoteaddress', 'IPV4/UDP/203.0.113.9/5060'],
    ])
    for (let n = 0; n < 10; n += 1) tally.note(refused, start + n * 1000)
    const facts = tally
      .take(start + 10_000)
      .map((state) => new Stamp(site, 1).event({ kind: 'attack', state }, time(10)))
    return publishFacts(site, facts, none, sent)
  },
  'webhook.test': (_, world) => testWebhook(site, 'wh_1', world.ofApi()),
}

test.each(webhookEventTypes)('%s is sent when it happens, once, with data of its schema', async (type) => {
  const world = new WebhookWorld({ receiver: async () => ({ status: 204, ms: 1 }), isDoubled: true })
  await world.makeWebhook('wh_1', { types: ['*'] })
  const messages: EventMessage[] = []
  const sent: WebhookEvents = { publish: async (message) => void messages.push(structuredClone(message)) }
  await sources[type](sent, world)
  for (const message of messages) await world.publish(JSON.parse(JSON.stringify(message)))
  await world.run(10_000)
  const rows = world.table.items().filter(({ pk }) => pk === `${site}#SENT`)
  const found = rows.filter((row) => row['type'] === type)
  expect(found, JSON.stringify(rows.map((row) => row['type']))).toHaveLength(1)
  expect(found[0]).toMatchObject({ state: 'delivered' })
  const [stored] = world.table.items().filter((row) => row['pk'] === `${site}#EVENTS` && row['type'] === type)
  const event = stored as unknown as Parameters<typeof visibleData>[0]
  expect(v.safeParse(eventDefinition(type).data, event.data).issues).toBeUndefined()
  const hidden = JSON.stringify(visibleData(event, { scopes: [] }))
  expect(hidden).not.toMatch(/0612345678|Anna/)
})
