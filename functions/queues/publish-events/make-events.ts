import * as v from 'valibot'
import type { Cdr } from '../../../contracts/cdr.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { callOf } from '../../domain/calls/call.ts'
import { type PlacedFacts, toCall } from '../../domain/calls/placed.ts'
import type { Numbering } from '../../domain/phone-number.ts'
import { cdrEventOf, eventsOfFact, finalEvents } from '../../domain/webhooks/call-events.ts'
import { eventOfGap, eventsOfEndpoint } from '../../domain/webhooks/endpoint-events.ts'
import { eventId, type StoredEvent } from '../../domain/webhooks/event.ts'
import type { EventMessage, SentFact } from '../../gateways/event-queue.ts'

export interface MakeDependencies {
  seen: {
    seen<S extends v.GenericSchema>(site: SiteId, what: string, schema: S): Promise<v.InferOutput<S> | undefined>
    putSeen(site: SiteId, what: string, version: string, seen: unknown): Promise<void>
  }
  log: { legs(site: SiteId, linkedid: string): Promise<{ cdr: Cdr }[]> }
  placed: { find(site: SiteId, call: string): Promise<PlacedFacts | undefined> }
  /** Returns the ids of the calls in progress by the facts of the bridge. */
  liveCalls(site: SiteId): Promise<ReadonlySet<string>>
  numberingOf(site: SiteId): Promise<Numbering>
  /** Looks at these calls again later. */
  lookAgain(message: EventMessage, delaySeconds: number): Promise<void>
}
/** Sends events; when it has resolved, they are stored with their deliveries. */
export type Publish = (site: SiteId, events: readonly StoredEvent[]) => Promise<void>

const SeenEndpoint = v.object({ v: v.string(), digests: v.record(v.string(), v.string()) })
const SeenBridge = v.object({ lostSince: v.optional(v.string()) })
/** The key under which the state of the bridge is stored; an endpoint's has a slash. */
const bridge = '-'
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
  const { site, facts = [], cdrs = [], calls = [], lost } = message
  if (lost !== undefined) await publishLost(site, lost, dependencies, publish)
  else if (message.back || facts.length > 0) await publishBack(site, dependencies, publish)
  const numbering = facts.length + calls.length > 0 ? await dependencies.numberingOf(site) : undefined
  for (const fact of facts) if (numbering) await publishFact(site, fact, numbering, dependencies, publish)
  await publish(
    site,
    cdrs.map((cdr) => cdrEventOf(site, cdr)),
  )
  const inProgress = calls.length > 0 ? await dependencies.liveCalls(site) : new Set<string>()
  const live = calls.filter((call) => inProgress.has(call))
  for (const call of calls) {
    if (numbering && !inProgress.has(call))
      await publish(site, await eventsOfEnded(site, call, numbering, dependencies))
  }
  const { looks = 0 } = message
  if (live.length > 0 && looks < looksMax)
    await dependencies.lookAgain({ site, calls: live, looks: looks + 1 }, lookSeconds)
}

async function publishFact(
  site: SiteId,
  fact: SentFact,
  numbering: Numbering,
  { seen }: MakeDependencies,
  publish: Publish,
): Promise<void> {
  if (fact.type === 'switchhook.call.v1') return publish(site, eventsOfFact(site, fact, numbering))
  if (fact.type === 'switchhook.gap.v1') return publish(site, [eventOfGap(site, fact)])
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
  numbering: Numbering,
  { log, placed }: MakeDependencies,
): Promise<StoredEvent[]> {
  const [rows, row] = await Promise.all([log.legs(site, id), placed.find(site, id)])
  const cdrs = rows.map(({ cdr }) => cdr)
  const call = callOf(cdrs, numbering, row) ?? (row?.stage === 'ended' ? toCall(id, row) : undefined)
  return call ? finalEvents(site, call, cdrs, numbering) : []
}

async function publishLost(
  site: SiteId,
  lostSince: string,
  { seen }: MakeDependencies,
  publish: Publish,
): Promise<void> {
  const id = eventId(site, 'bridge.lost', lostSince)
  await publish(site, [{ id, type: 'bridge.lost', time: lostSince, data: { lastHeard: lostSince } }])
  await seen.putSeen(site, bridge, lostSince, { lostSince })
}

async function publishBack(site: SiteId, { seen }: MakeDependencies, publish: Publish): Promise<void> {
  const { lostSince } = (await seen.seen(site, bridge, SeenBridge)) ?? {}
  if (lostSince === undefined) return
  const id = eventId(site, 'bridge.connected', lostSince)
  const time = new Date().toISOString()
  await publish(site, [{ id, type: 'bridge.connected', time, data: { lostSince } }])
  await seen.putSeen(site, bridge, lostSince, {})
}
