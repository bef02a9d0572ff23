import type { Cdr } from '../../contracts/cdr.ts'
import type { BridgeEvent } from '../../contracts/events.ts'
import type { SiteId } from '../../contracts/names.ts'
import { eventBusName } from '../config.ts'
import type { PbxReport } from '../domain/presence-fold.ts'
import type { EventMessage, EventQueue, SentFact } from '../gateways/event-queue.ts'
import { cached } from '../stores/cached.ts'
import type { WebhookMark } from '../stores/webhook-mark.ts'

/** Where the functions of other queues send what they found out, for webhooks. */
export interface WebhookEvents {
  publish(message: EventMessage, delaySeconds?: number): Promise<void>
}

/** A new webhook gets events from this time on at the latest. A site without webhooks costs one read in this time. */
const cacheMs = 5_000

/** Sends for sites that have webhooks, or for all if the deployment has an event bus, and for the others only outages, of which people are told. */
export function webhookEvents(
  mark: Pick<WebhookMark, 'has'>,
  queue: Pick<EventQueue, 'send'>,
  now: () => number,
  hasBus = eventBusName() !== undefined,
): WebhookEvents {
  const has = cached(
    (site: SiteId) => mark.has(site),
    now,
    () => cacheMs,
  )
  return {
    async publish(message, delaySeconds = 0) {
      const { site, lost, back, pbx } = message
      if (hasBus || (await has(site))) await queue.send(message, delaySeconds)
      // People are told of outages of every site.
      else if (lost !== undefined || back || pbx) await queue.send({ site, lost, back, pbx })
    },
  }
}

/** Seconds after which the call log is read for a call: its records come in a message of their own, a moment apart. */
const callDelaySeconds = 3

/** What the bridge's messages say about itself and its PBX. */
export interface BridgeNews {
  /** Subscribers had been notified that the bridge is silent. */
  isBack: boolean
  pbx?: PbxReport
}

/** Sends the facts of a site and the news of its bridge, and later the calls among the facts that have ended. */
export async function publishFacts(
  site: SiteId,
  events: readonly BridgeEvent[],
  { isBack, pbx }: BridgeNews,
  { publish }: WebhookEvents,
): Promise<void> {
  const facts = events.filter((event): event is SentFact => sent.has(event.type))
  const calls = new Set(
    events.flatMap((event) =>
      event.type === 'switchhook.call.v1' && event.data.state === 'ended' ? [event.data.call] : [],
    ),
  )
  const news = { ...(isBack && { back: true }), ...(pbx && { pbx: { state: pbx.state, since: pbx.since } }) }
  if (facts.length > 0 || Object.keys(news).length > 0) await publish({ site, facts, ...news })
  if (calls.size > 0) await publish({ site, calls: [...calls] }, callDelaySeconds)
}

/** Sends the CDRs that were stored, and later their calls. */
export async function publishRecords(site: SiteId, cdrs: readonly Cdr[], { publish }: WebhookEvents): Promise<void> {
  if (cdrs.length === 0) return
  await publish({ site, cdrs: [...cdrs] })
  await publish({ site, calls: [...new Set(cdrs.map(({ linkedid }) => linkedid))] }, callDelaySeconds)
}

const sent: ReadonlySet<string> = new Set([
  'switchhook.call.v1',
  'switchhook.endpoint.v1',
  'switchhook.queue.v1',
  'switchhook.gap.v1',
  'switchhook.attack.v1',
])
