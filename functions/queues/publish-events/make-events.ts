import * as v from 'valibot'
import type { Cdr } from '../../../contracts/cdr.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { callOf } from '../../domain/calls/call.ts'
import { type PlacedFacts, toCall } from '../../domain/calls/placed.ts'
import type { Numbering } from '../../domain/phone-number.ts'
import { cdrEventOf, eventsOfFact, finalEvents } from '../../domain/webhooks/call-events.ts'
import { eventOfAttack, eventOfGap, eventsOfEndpoint } from '../../domain/webhooks/endpoint-events.ts'
import type { StoredEvent } from '../../domain/webhooks/event.ts'
import { eventsOfQueue } from '../../domain/webhooks/queue-events.ts'
import type { EventMessage, SentFact } from '../../gateways/event-queue.ts'
import { logOutcome } from '../../log.ts'
import type { Publish } from './publish.ts'
import { publishSiteEvents, type SeenStore } from './site-events.ts'
import { type FraudDependencies, watchFraud } from './watch-fraud.ts'

export interface MakeDependencies {
  seen: SeenStore
  log: { legs(site: SiteId, linkedid: string): Promise<{ cdr: Cdr }[]> }
  placed: { find(site: SiteId, call: string): Promise<PlacedFacts | undefined> }
  /** Returns the ids of the calls in progress by the facts of the bridge. */
  liveCalls(site: SiteId): Promise<ReadonlySet<string>>
  numberingOf(site: SiteId): Promise<Numbering>
  /** Sends to the queue of this function. */
  queue(message: EventMessage, delaySeconds: number): Promise<void>
  fraud: Pick<FraudDependencies, 'states' | 'localeOf' | 'now'>
}

const SeenEndpoint = v.object({ v: v.string(), digests: v.record(v.string(), v.string()) })
const SeenQueuePart = v.object({ v: v.string(), digest: v.string() })
/** Callers come and go: what was seen of them is forgotten after this time. */
const queueSeenSeconds = 7 * 86_400
/** A call in progress is looked at again after this time, for a day at most: its bridge may never report its end. */
const lookSeconds = 300
const looksMax = 288

/**
 * Makes the events of a message and publishes them. What was seen is stored after its events, so a crash in between makes the same
 * events again, with the same ids.
 */
export async function makeEvents(
  message: EventMessage,
  dependencies: MakeDependencies,
  publish: Publish,
): Promise<void> {
  const { site, facts = [], cdrs = [], calls = [] } = message
  await publishSiteEvents(message, dependencies, publish)
  for (const fact of facts) await publishFact(site, fact, dependencies, publish)
  await watchFraud(message, { ...dependencies, ...dependencies.fraud }, publish)
  await publish(
    site,
    cdrs.map((cdr) => cdrEventOf(site, cdr)),
  )
  const inProgress = calls.length > 0 ? await dependencies.liveCalls(site) : new Set<string>()
  const live = calls.filter((call) => inProgress.has(call))
  for (const call of calls) {
    if (!inProgress.has(call)) await publish(site, await eventsOfEnded(site, call, dependencies))
  }
  const { looks = 0 } = message
  if (live.length > 0 && looks < looksMax)
    await dependencies.queue({ site, calls: live, looks: looks + 1 }, lookSeconds)
}

async function publishFact(
  site: SiteId,
  fact: SentFact,
  { seen, numberingOf }: MakeDependencies,
  publish: Publish,
): Promise<void> {
  if (fact.type === 'switchhook.call.v1') return publish(site, eventsOfFact(site, fact, await numberingOf(site)))
  if (fact.type === 'switchhook.gap.v1') return publish(site, [eventOfGap(site, fact)])
  if (fact.type === 'switchhook.attack.v1') {
    logOutcome('warn', 'security-attack', { site, address: fact.data.address, count: fact.data.count })
    return publish(site, [eventOfAttack(site, fact)])
  }
  if (fact.type === 'switchhook.queue.v1') {
    const what = `queue ${fact.subject}`
    const made = eventsOfQueue(site, fact, await seen.seen(site, what, SeenQueuePart))
    if (!made) return
    await publish(site, made.events)
    return seen.putSeen(site, what, made.seen.v, made.seen, queueSeenSeconds)
  }
  const { endpoint } = fact.data
  const made = eventsOfEndpoint(site, fact, await seen.seen(site, endpoint, SeenEndpoint))
  if (!made) return
  await publish(site, made.events)
  await seen.putSeen(site, endpoint, made.seen.v, made.seen)
}

/** Returns the final events of a call, from the call log; from its row for a call by API that has no record. */
async function eventsOfEnded(
  site: SiteId,
  id: string,
  { log, placed, numberingOf }: MakeDependencies,
): Promise<StoredEvent[]> {
  const [rows, row, numbering] = await Promise.all([log.legs(site, id), placed.find(site, id), numberingOf(site)])
  const cdrs = rows.map(({ cdr }) => cdr)
  const call = callOf(cdrs, numbering, row) ?? (row?.stage === 'ended' ? toCall(id, row) : undefined)
  return call ? finalEvents(site, call, cdrs, numbering) : []
}
