import * as v from 'valibot'
import type { PbxStatus } from '../../../contracts/facts.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { eventId, type StoredEvent } from '../../domain/webhooks/event.ts'
import type { EventMessage } from '../../gateways/event-queue.ts'
import type { Publish } from './publish.ts'

/** Stores what was last seen of a thing, by which a change is told from a repetition. */
export interface SeenStore {
  seen<S extends v.GenericSchema>(site: SiteId, what: string, schema: S): Promise<v.InferOutput<S> | undefined>
  /** `keptSeconds`: without it, it is kept until the site is deleted. */
  putSeen(site: SiteId, what: string, version: string, seen: unknown, keptSeconds?: number): Promise<void>
}

interface SiteDependencies {
  seen: SeenStore
  /** Sends to the queue of this function. */
  queue(message: EventMessage, delaySeconds: number): Promise<void>
}

const SeenLoss = v.object({ lostSince: v.optional(v.string()) })
/** The keys under which the states of the bridge and its PBX are stored; an endpoint's has a slash. */
const bridge = '-'
const ofPbx = 'pbx'

/** Publishes the events of a message about the site itself: its bridge, its PBX, its keys and its call log. */
export async function publishSiteEvents(
  { site, facts = [], lost, back, pbx, frozen, verified }: EventMessage,
  dependencies: SiteDependencies,
  publish: Publish,
): Promise<void> {
  if (lost !== undefined) await publishLoss(site, 'bridge.lost', lost, { lastHeard: lost }, dependencies, publish)
  else if (back || facts.length > 0) await publishBack(site, dependencies, publish)
  if (pbx) await publishPbx(site, pbx, dependencies, publish)
  if (frozen) {
    const id = eventId(site, 'key.frozen', frozen.key, frozen.frozenAt)
    await publish(site, [{ id, type: 'key.frozen', time: frozen.frozenAt, data: frozen }])
  }
  if (verified) {
    const { run, doneAt, ...data } = verified
    const id = eventId(site, 'site.verified', data.day, run)
    await publish(site, [{ id, type: 'site.verified', time: doneAt, data }])
  }
}

async function publishBack(site: SiteId, { seen, queue }: SiteDependencies, publish: Publish): Promise<void> {
  const { lostSince } = (await seen.seen(site, bridge, SeenLoss)) ?? {}
  if (lostSince === undefined) return
  const id = eventId(site, 'bridge.connected', lostSince)
  const time = new Date().toISOString()
  await publish(site, [{ id, type: 'bridge.connected', time, data: { lostSince } }])
  await queue({ site, outage: { type: 'bridge.connected', since: lostSince } }, 0)
  await seen.putSeen(site, bridge, lostSince, {})
}

/** A bridge repeats its report of the PBX; the first one of a site that its PBX is up is no change. */
async function publishPbx(
  site: SiteId,
  { state, since }: PbxStatus,
  dependencies: SiteDependencies,
  publish: Publish,
): Promise<void> {
  if (state === 'down') return publishLoss(site, 'pbx.down', since, { since }, dependencies, publish)
  const { seen, queue } = dependencies
  const { lostSince } = (await seen.seen(site, ofPbx, SeenLoss)) ?? {}
  if (lostSince === undefined || lostSince > since) return
  const id = eventId(site, 'pbx.up', lostSince)
  await publish(site, [{ id, type: 'pbx.up', time: since, data: { since, downSince: lostSince } }])
  await queue({ site, outage: { type: 'pbx.up', since: lostSince } }, 0)
  await seen.putSeen(site, ofPbx, since, {})
}

/** Publishes that something is lost, and stores since when, so that its return is told. */
async function publishLoss(
  site: SiteId,
  type: 'bridge.lost' | 'pbx.down',
  lostSince: string,
  data: StoredEvent['data'],
  { seen, queue }: SiteDependencies,
  publish: Publish,
): Promise<void> {
  const what = type === 'bridge.lost' ? bridge : ofPbx
  const known = await seen.seen(site, what, SeenLoss)
  await publish(site, [{ id: eventId(site, type, lostSince), type, time: lostSince, data }])
  // Notices have a message of their own: SNS delays no event, and a failure is tried again alone.
  if (known?.lostSince !== lostSince) await queue({ site, outage: { type, since: lostSince } }, 0)
  await seen.putSeen(site, what, lostSince, { lostSince })
}
