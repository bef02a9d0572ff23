import * as v from 'valibot'
import type { SiteId } from '../../../contracts/names.ts'
import type { StoredEvent } from '../../domain/webhooks/event.ts'
import { type OutageNotice, outageNotice } from '../../domain/webhooks/outage-notice.ts'
import type { EventMessage } from '../../gateways/event-queue.ts'
import { type MakeDependencies, makeEvents } from './make-events.ts'
import type { Publisher } from './publish.ts'

/** The event bus of the deployment. */
export interface Bus {
  publish(site: SiteId, events: readonly StoredEvent[]): Promise<void>
  publishAgain(message: EventMessage): Promise<void>
}

/** Publishes to the topic of the deployment that tells people of outages. */
export interface Notices {
  publish(notice: OutageNotice): Promise<void>
}

/** A message of hundreds of facts saves what it has done after this many events for the bus: ten requests to EventBridge. */
const unsavedMax = 100

/** Makes the events of a message, and publishes them to webhooks and to the event bus, if there is one. */
export async function publishMessage(
  message: EventMessage,
  dependencies: MakeDependencies,
  publisher: Publisher,
  bus: Bus | undefined,
  notices: Notices,
): Promise<void> {
  if (message.outage) return notices.publish(outageNotice(message.site, message.outage))
  if (message.bus) return bus?.publishAgain(message)
  if (bus) return publishWithBus(message, dependencies, publisher, bus)
  await makeEvents(message, dependencies, async (site, events) => {
    await publisher.publish(site, events)
    publisher.remember(events.map(({ id }) => id))
  })
}

/**
 * Collects the events of a message, so that ten go to the bus in one request. What was seen is stored after the bus has its events or
 * the queue has them for a later try: a crash in between makes the same events again.
 */
async function publishWithBus(
  message: EventMessage,
  dependencies: MakeDependencies,
  publisher: Publisher,
  bus: Bus,
): Promise<void> {
  const { site } = message
  const store = dependencies.seen
  const toBus: StoredEvent[] = []
  const ids = new Set<string>()
  const unsaved = new Map<string, { version: string; seen: unknown; keptSeconds: number | undefined }>()
  const save = async () => {
    if (toBus.length > 0) await bus.publish(site, toBus)
    publisher.remember(ids)
    for (const [what, { version, seen, keptSeconds }] of unsaved)
      await store.putSeen(site, what, version, seen, keptSeconds)
    toBus.length = 0
    ids.clear()
    unsaved.clear()
  }
  const seen: MakeDependencies['seen'] = {
    async seen(of, what, schema) {
      const parsed = v.safeParse(schema, unsaved.get(what)?.seen)
      return unsaved.has(what) && parsed.success ? parsed.output : store.seen(of, what, schema)
    },
    async putSeen(_site, what, version, state, keptSeconds) {
      unsaved.set(what, { version, seen: state, keptSeconds })
      if (toBus.length >= unsavedMax) await save()
    },
  }
  await makeEvents(message, { ...dependencies, seen }, async (of, events) => {
    const left = (await publisher.publish(of, events)).filter(({ id }) => !ids.has(id))
    toBus.push(...left)
    for (const { id } of events) ids.add(id)
  })
  await save()
}
