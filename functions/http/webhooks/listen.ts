import { randomUUID } from 'node:crypto'
import {
  type ListenedPage,
  type ListenedRequest,
  type ListenerMade,
  type ListenerRequest,
  listenedMax,
  listenerMsMax,
  listenersOfSiteMax,
} from '../../../contracts/listener.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { SiteKey } from '../../caller.ts'
import type { StoredEvent } from '../../domain/webhooks/event.ts'
import { renderBody } from '../../domain/webhooks/render.ts'
import { makeSecret, signatureHeaders } from '../../domain/webhooks/signature.ts'
import type { TargetRules } from '../../domain/webhooks/target-url.ts'
import type { DeliveryRow } from '../../stores/webhook-deliveries.ts'
import type { WebhookRow } from '../../stores/webhooks.ts'
import { HttpProblemError } from '../problem.ts'
import { checkWebhook } from './make-webhook.ts'

interface ListenDependencies {
  caller: SiteKey
  webhooks: {
    create(site: SiteId, row: WebhookRow): Promise<boolean>
    find(site: SiteId, id: string): Promise<WebhookRow | undefined>
    list(site: SiteId): Promise<WebhookRow[]>
    replace(site: SiteId, row: WebhookRow, seen: Pick<WebhookRow, 'tag'>): Promise<boolean>
    delete(site: SiteId, id: string, tag: string): Promise<boolean>
  }
  deliveries: {
    range(
      site: SiteId,
      webhook: string,
      range: { after: string; before: string; limit: number },
    ): Promise<{ rows: DeliveryRow[]; next: string | undefined }>
    event(site: SiteId, id: string): Promise<StoredEvent | undefined>
  }
  mark: { set(site: SiteId): Promise<void> }
  rules: TargetRules
  now: number
}

/** Functions that store events at the same time have clocks that differ, and take a moment: what is stored late is read again. */
const overlapMs = 15_000

/** Makes a subscription of which nothing is sent: its events wait to be read. */
export async function makeListener(
  site: SiteId,
  { types, filters }: ListenerRequest,
  { caller, webhooks, mark, rules, now }: ListenDependencies,
): Promise<ListenerMade> {
  checkWebhook({ types }, caller, rules)
  const running = (await webhooks.list(site)).filter(({ listensUntil = 0 }) => listensUntil > now)
  if (running.length >= listenersOfSiteMax) {
    const detail = `The site has ${listenersOfSiteMax} listeners, its maximum. End one, or wait five minutes for one that nobody reads.`
    throw new HttpProblemError(409, 'listener-limit', detail)
  }
  const row: WebhookRow = {
    id: `li_${randomUUID().replaceAll('-', '').slice(0, 24)}`,
    key: caller.keyId,
    // Nothing is sent there: the name cannot exist (RFC 2606).
    url: 'https://listener.invalid/',
    types,
    ...(filters && { filters }),
    format: 'standard',
    perSecond: 1,
    contentType: 'application/cloudevents+json',
    secret: makeSecret(),
    enabled: true,
    listensUntil: now + listenerMsMax,
    createdAt: now,
    tag: randomUUID(),
    request: '',
  }
  await mark.set(site)
  await webhooks.create(site, row)
  const expiresAt = new Date(now + listenerMsMax).toISOString()
  return { id: row.id, secret: row.secret, expiresAt, cursor: String(now - overlapMs) }
}

/** Returns what a webhook would send now of the events since the cursor, and keeps the listener for another while. */
export async function readListener(
  site: SiteId,
  id: string,
  { cursor }: { cursor: string },
  { caller, webhooks, deliveries, now }: Omit<ListenDependencies, 'mark' | 'rules'>,
): Promise<ListenedPage> {
  const row = await existingListener(site, id, caller, webhooks, now)
  if ((row.listensUntil ?? 0) - now < listenerMsMax / 2)
    await webhooks.replace(site, { ...row, listensUntil: now + listenerMsMax }, row)
  const { rows, next } = await deliveries.range(site, id, { after: cursor, before: '~', limit: listenedMax })
  const found = await Promise.all(rows.map(({ event }) => deliveries.event(site, event)))
  const requests = found.flatMap((event) => (event ? [requestOf(site, event, row, caller, now)] : []))
  // With more to come the next read begins behind the last row, else a little before now.
  return { requests, cursor: next ?? String(now - overlapMs), isMore: next !== undefined }
}

export async function deleteListener(
  site: SiteId,
  id: string,
  { caller, webhooks, now }: Pick<ListenDependencies, 'caller' | 'webhooks' | 'now'>,
): Promise<undefined> {
  const row = await existingListener(site, id, caller, webhooks, now)
  await webhooks.delete(site, id, row.tag)
  return undefined
}

function requestOf(
  site: SiteId,
  event: StoredEvent,
  { secret, contentType }: WebhookRow,
  caller: SiteKey,
  now: number,
): ListenedRequest {
  const { id, type, time } = event
  const body = renderBody(site, event, caller, 'standard')
  const signature = signatureHeaders({ id, seconds: Math.floor(now / 1000), body }, [secret])
  const headers = { 'content-type': contentType, 'user-agent': 'Switchhook', ...signature }
  return { event: id, type, time, headers, body }
}

/** Only the key that made a listener reads it, so that it shows nothing to a key with other rights. @throws HttpProblemError 404 */
async function existingListener(
  site: SiteId,
  id: string,
  { keyId }: SiteKey,
  webhooks: Pick<ListenDependencies['webhooks'], 'find'>,
  now: number,
): Promise<WebhookRow> {
  const row = await webhooks.find(site, id)
  if (row && row.key === keyId && (row.listensUntil ?? 0) > now) return row
  throw new HttpProblemError(404, 'listener-unknown', 'The listener has ended, or another key made it.')
}
