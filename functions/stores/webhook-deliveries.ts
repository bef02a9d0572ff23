import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import { DeliveryState, DeliveryTry } from '../../contracts/webhook.ts'
import { StoredEvent } from '../domain/webhooks/event.ts'
import { ifAbsent, timeToLive } from './expressions.ts'
import { Store } from './table.ts'
import { keys } from './table-keys.ts'

/** One event for one webhook. Times are Unix milliseconds. */
export const DeliveryRow = v.looseObject({
  webhook: v.string(),
  /** `ms-event`: sorts by the time of the event. */
  id: v.string(),
  event: v.string(),
  type: v.string(),
  time: v.string(),
  state: DeliveryState,
  /** Tries of this round of the schedule; a resend begins another round. */
  n: v.number(),
  round: v.number(),
  /** It is sent although the webhook is disabled. */
  isForced: v.optional(v.boolean()),
  tries: v.array(DeliveryTry),
  failed: v.optional(v.string()),
  answer: v.optional(v.string()),
  nextTryAt: v.optional(v.number()),
  /** Its place in its call, if the webhook gets the events of a call in order. */
  order: v.optional(v.object({ call: v.string(), seq: v.string() })),
  /** The replay that sent it last. */
  replay: v.optional(v.string()),
  /** It is for a listener, which reads it soon or never. */
  isListened: v.optional(v.boolean()),
  createdAt: v.number(),
})
export type DeliveryRow = v.InferOutput<typeof DeliveryRow>
/** Its message is parsed by the sweep, so that one that is corrupt stops no other. */
const DueRow = v.looseObject({ pk: v.string(), sk: v.string(), message: v.optional(v.unknown()) })
export type DueRow = v.InferOutput<typeof DueRow>
const SeenRow = v.looseObject({ seen: v.optional(v.unknown()) })

/** The log has 30 days. */
const keptSeconds = 30 * 86_400
const listenedSeconds = 3_600
/** A due row that nobody deleted is useless a day after it was due. */
const dueKeptSeconds = 3 * 86_400

/** Returns a delivery of which no try was made. */
export function newDelivery(webhook: string, event: StoredEvent, state: 'pending' | 'held', now: number): DeliveryRow {
  const { id, type, time } = event
  const shown = { webhook, id: deliveryId(event), event: id, type, time, state }
  return { ...shown, n: 0, round: 0, tries: [], createdAt: now }
}

/** Returns a delivery that waits to be read by a listener. Its id begins with when it was stored, since a listener reads on from a time. */
export function listenedDelivery(webhook: string, event: StoredEvent, now: number): DeliveryRow {
  const id = deliveryId({ id: event.id, time: new Date(now).toISOString() })
  return { ...newDelivery(webhook, event, 'held', now), id, isListened: true }
}

/** Returns what the queue of deliveries gets for the next try of a delivery. */
export function nextTry(site: SiteId, { webhook, id, n, round }: DeliveryRow) {
  return { site, webhook, delivery: id, n, round }
}

function deliveryId({ time, id }: Pick<StoredEvent, 'time' | 'id'>): string {
  return `${String(Date.parse(time)).padStart(13, '0')}-${id}`
}

/** Stores events, their deliveries, and the retries that are due later than SQS can delay a message. */
export class DeliveryStore extends Store {
  /** Stores an event and returns it, or the one that is stored under its id: a repetition may differ in details. */
  async putEvent(site: SiteId, event: StoredEvent, now: number): Promise<StoredEvent> {
    const key = keys.webhookEvent(site, event.id)
    const item = { ...key, ...event, ttl: timeToLive(now, keptSeconds) }
    if (await this.table.putIf(item, ifAbsent)) return event
    return (await this.table.get(StoredEvent, key, 'consistent')) ?? event
  }

  async markOnBus(site: SiteId, id: string): Promise<void> {
    const change = { update: 'SET onBus = :true', condition: 'attribute_exists(pk)', values: { true: true } }
    await this.table.update(keys.webhookEvent(site, id), change)
  }

  async event(site: SiteId, id: string): Promise<StoredEvent | undefined> {
    return this.table.get(StoredEvent, keys.webhookEvent(site, id), 'consistent')
  }

  /** Stores a delivery; returns false if there is one. */
  async create(site: SiteId, row: DeliveryRow): Promise<boolean> {
    return this.table.putIf(itemOf(site, row), ifAbsent)
  }

  async find(site: SiteId, webhook: string, id: string): Promise<DeliveryRow | undefined> {
    return this.table.get(DeliveryRow, keys.delivery(site, webhook, id), 'consistent')
  }

  /** Replaces a delivery; returns false if another try has changed it since it was read. */
  async replace(site: SiteId, row: DeliveryRow, seen: Pick<DeliveryRow, 'n' | 'round'>): Promise<boolean> {
    return this.table.putIf(itemOf(site, row), {
      condition: '#n = :n AND #round = :round',
      values: { n: seen.n, round: seen.round },
    })
  }

  /** Returns deliveries of a webhook, newest event first; `next` continues after the last one that was read. */
  async page(
    site: SiteId,
    webhook: string,
    { before, limit, state }: { before?: string | undefined; limit: number; state?: DeliveryState | undefined },
  ): Promise<{ rows: DeliveryRow[]; next: string | undefined }> {
    const { pk, sk } = keys.delivery(site, webhook, '')
    const filter = state === undefined ? {} : { filter: '#state = :state', values: { state } }
    const range = before === undefined ? { beginsWith: sk } : { between: [sk, sk + justBefore(before)] as const }
    const query = { pk, sk: range, isDescending: true, read: 'eventual', limit, unreadable: 'skip', ...filter } as const
    const { items, next } = await this.table.page(DeliveryRow, query)
    const last = next?.['sk']
    return { rows: items, next: typeof last === 'string' ? last.slice(sk.length) : undefined }
  }

  /** Returns deliveries whose ids lie between two texts, oldest event first; `next` is the first text of the next page, if there is one. */
  async range(
    site: SiteId,
    webhook: string,
    { after, before, limit }: { after: string; before: string; limit: number },
  ): Promise<{ rows: DeliveryRow[]; next: string | undefined }> {
    const { pk, sk } = keys.delivery(site, webhook, '')
    const between = [sk + after, sk + before] as const
    const query = { pk, sk: { between }, read: 'consistent', limit, unreadable: 'skip' } as const
    const { items, next } = await this.table.page(DeliveryRow, query)
    const last = next?.['sk']
    // Nothing sorts between an id and the same with a tilde: ids end in a hexadecimal digit.
    return { rows: items, next: typeof last === 'string' ? `${last.slice(sk.length)}~` : undefined }
  }

  /** Lists a message for a time that is too far away for a delay of SQS. The same message again changes nothing. */
  async putDue(site: SiteId, at: number, to: { webhook: string; delivery: string }, message: string): Promise<void> {
    const key = keys.deliveryDue(site, new Date(at).toISOString(), to.webhook, to.delivery)
    await this.table.put({ ...key, message, ttl: timeToLive(at, dueKeptSeconds) })
  }

  /** Returns up to `limit` messages of a partition that are due. */
  async due(partition: string, now: number, limit: number): Promise<DueRow[]> {
    const sk = { between: ['0', new Date(now).toISOString()] as const }
    const query = { pk: partition, sk, read: 'consistent', limit } as const
    return (await this.table.page(DueRow, query)).items
  }

  async removeDue({ pk, sk }: DueRow): Promise<void> {
    await this.table.delete({ pk, sk })
  }

  /** Returns what was last seen of an endpoint, or of the bridge (`-`). */
  async seen<S extends v.GenericSchema>(site: SiteId, what: string, schema: S): Promise<v.InferOutput<S> | undefined> {
    const row = await this.table.get(SeenRow, keys.webhookSeen(site, what), 'consistent')
    // What cannot be read counts as never seen: the event is made again, under its id.
    const parsed = v.safeParse(schema, row?.['seen'])
    return parsed.success ? parsed.output : undefined
  }

  /** Stores what was seen at a version, unless a newer one is stored. */
  async putSeen(site: SiteId, what: string, version: string, seen: unknown, keptSeconds?: number): Promise<void> {
    const end = keptSeconds === undefined ? {} : { ttl: timeToLive(Date.now(), keptSeconds) }
    await this.table.putIf(
      { ...keys.webhookSeen(site, what), seen, v: version, ...end },
      { condition: 'attribute_not_exists(pk) OR #v <= :v', values: { v: version } },
    )
  }
}

function itemOf(site: SiteId, row: DeliveryRow) {
  return {
    ...keys.delivery(site, row.webhook, row.id),
    ...row,
    ttl: timeToLive(row.createdAt, row.isListened ? listenedSeconds : keptSeconds),
  }
}

/** Returns a text that sorts directly before an id of a delivery: ids end in a hexadecimal digit. */
function justBefore(id: string): string {
  return `${id.slice(0, -1)}${String.fromCharCode(id.charCodeAt(id.length - 1) - 1)}~`
}
