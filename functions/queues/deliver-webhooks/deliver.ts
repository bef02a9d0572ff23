import type { SiteId } from '../../../contracts/names.ts'
import type { Reader } from '../../domain/personal.ts'
import { admit, settle, type TargetState, type Wanted } from '../../domain/webhooks/admission.ts'
import type { StoredEvent } from '../../domain/webhooks/event.ts'
import { withoutSecrets } from '../../domain/webhooks/redact.ts'
import { renderBody } from '../../domain/webhooks/render.ts'
import { nextTryAt, retryAfterMs } from '../../domain/webhooks/schedule.ts'
import { signatureHeaders } from '../../domain/webhooks/signature.ts'
import { type DelayedDelivery, type DeliveryMessage, delaySecondsMax } from '../../gateways/delivery-queue.ts'
import type { WebhookAnswer } from '../../gateways/webhook-post.ts'
import { describeError, logOutcome } from '../../log.ts'
import type { DeliveryRow } from '../../stores/webhook-deliveries.ts'
import type { WebhookRow } from '../../stores/webhooks.ts'
import type { ReaderOf } from '../webhook-reader.ts'
import { afterTry, goneStatus } from './after-try.ts'
import { type OrderDependencies, waitsForEarlier } from './call-order.ts'
import { disable } from './disable.ts'
import { type PostDependencies, postTo } from './post-to.ts'
import { verifyReceiver } from './verify-receiver.ts'

export interface DeliverDependencies extends OrderDependencies, PostDependencies {
  deliveries: {
    find(site: SiteId, webhook: string, id: string): Promise<DeliveryRow | undefined>
    event(site: SiteId, id: string): Promise<StoredEvent | undefined>
    replace(site: SiteId, row: DeliveryRow, seen: Pick<DeliveryRow, 'n' | 'round'>): Promise<boolean>
    putDue(site: SiteId, at: number, to: { webhook: string; delivery: string }, message: string): Promise<void>
  }
  webhooks: {
    find(site: SiteId, id: string): Promise<WebhookRow | undefined>
    replace(site: SiteId, row: WebhookRow, seen: Pick<WebhookRow, 'tag'>): Promise<boolean>
  }
  targets: {
    change<R extends { state: TargetState }>(
      site: SiteId,
      webhook: string,
      decide: (state: TargetState) => R,
    ): Promise<R>
  }
  queue: { send(deliveries: readonly DelayedDelivery[]): Promise<void> }
  readerOf: ReaderOf
  now(): number
  /** At least 0, below 1. */
  random(): number
}

/** A delivery that could not be sent for this long is given up, although its tries were put off. */
const ageMsMax = 7 * 86_400_000

/** A message whose delivery has to be sent now. */
interface Ready {
  message: DeliveryMessage
  row: DeliveryRow
  webhook: WebhookRow
  reader: Reader
}

/** Makes the tries of a batch, each receiver within its own limits. Returns the messages that SQS has to deliver again. */
export async function deliverAll(
  messages: readonly DeliveryMessage[],
  dependencies: DeliverDependencies,
): Promise<DeliveryMessage[]> {
  const failed: DeliveryMessage[] = []
  const groups = [...Map.groupBy(messages, ({ site, webhook }) => `${site}/${webhook}`).values()]
  await Promise.all(
    groups.map(async (group) => {
      try {
        failed.push(...(await deliverTo(group, dependencies)))
      } catch (error) {
        logOutcome('error', 'delivery-failed', { site: group[0]?.site, error: describeError(error) })
        failed.push(...group)
      }
    }),
  )
  return failed
}

/** Delivers the messages of one webhook. */
async function deliverTo(
  group: readonly DeliveryMessage[],
  dependencies: DeliverDependencies,
): Promise<DeliveryMessage[]> {
  const [first] = group
  if (!first) return []
  const { site, webhook: id } = first
  const webhook = await dependencies.webhooks.find(site, id)
  const reader = webhook && (await dependencies.readerOf(site, webhook.key))
  const ready: Ready[] = []
  // A batch may have a message twice: one of them makes the try.
  const once = new Map(group.map((message) => [message.delivery, message]))
  const failed: DeliveryMessage[] = []
  const fail = (message: DeliveryMessage, error: unknown) => {
    logOutcome('error', 'delivery-failed', { site, webhook: id, error: describeError(error) })
    failed.push(message)
  }
  await Promise.all(
    [...once.values()].map(async (message) => {
      try {
        const row = await prepare(message, webhook, reader, dependencies)
        if (row && webhook && reader) ready.push({ message, row, webhook, reader })
      } catch (error) {
        // A delivery that cannot be read stops none of the others of its webhook.
        fail(message, error)
      }
    }),
  )
  if (ready.length === 0 || !webhook) return failed
  const wanted = ready.map(
    ({ message: { delivery, isReserved = false, isSlow = false } }): Wanted => ({ id: delivery, isReserved, isSlow }),
  )
  const { allowedPerMinute = Number.POSITIVE_INFINITY } = webhook
  const perSecond = Math.min(webhook.perSecond, allowedPerMinute / 60)
  const { admitted, deferred, moved } = await dependencies.targets.change(site, id, (state) =>
    admit(state, wanted, { now: dependencies.now(), perSecond }),
  )
  const late = new Map(deferred.map(({ id: delivery, at }) => [delivery, at]))
  await Promise.all(
    ready.map(async (one) => {
      const { message } = one
      try {
        const at = late.get(message.delivery)
        if (moved.includes(message.delivery))
          await dependencies.queue.send([{ message: { ...message, isSlow: true }, delaySeconds: 0 }])
        else if (at !== undefined) await scheduleAt(at, { ...message, isReserved: true }, dependencies)
        else if (admitted.includes(message.delivery)) await tryOnce(one, dependencies)
      } catch (error) {
        fail(message, error)
      }
    }),
  )
  return failed
}

/** Returns the delivery if it is to be tried now; else it stores why not. */
async function prepare(
  message: DeliveryMessage,
  webhook: WebhookRow | undefined,
  reader: Reader | undefined,
  dependencies: DeliverDependencies,
): Promise<DeliveryRow | undefined> {
  const { deliveries, now } = dependencies
  const { site } = message
  const row = await deliveries.find(site, message.webhook, message.delivery)
  // An earlier message has made this try, or the delivery was removed with its site.
  if (row?.state !== 'pending' || row.n > message.n || row.round > message.round) return undefined
  const end = async (change: Partial<DeliveryRow>) => {
    await deliveries.replace(site, { ...row, nextTryAt: undefined, ...change }, row)
    return undefined
  }
  if (!webhook) return end({ state: 'failed', failed: 'The webhook was deleted.' })
  if (!reader)
    return end({ state: 'failed', failed: 'The key of the webhook was revoked, has expired or lost its scope.' })
  if (!webhook.enabled && !row.isForced) return end({ state: 'held' })
  if (now() - row.createdAt > ageMsMax && !row.isForced)
    return end({ state: 'failed', failed: 'Not delivered in 7 days.' })
  const { waits = 0 } = message
  const at = await waitsForEarlier(site, row, waits, dependencies)
  if (at === undefined) return row
  await scheduleAt(at, { ...message, waits: waits + 1 }, dependencies)
  return undefined
}

async function tryOnce({ message, row, webhook, reader }: Ready, dependencies: DeliverDependencies): Promise<void> {
  const { deliveries, targets, now } = dependencies
  const { site } = message
  const event = await deliveries.event(site, row.event)
  const started = now()
  const answer: WebhookAnswer = event
    ? ((await verifyReceiver(site, webhook, dependencies)) ?? (await send(site, event, webhook, reader, dependencies)))
    : { error: 'The event was erased.', ms: 0 }
  const isDelivered = answer.status !== undefined && answer.status >= 200 && answer.status < 300
  const retryAfter = retryAfterMs(answer.retryAfter, now())
  const isOverloaded = answer.status === 429 || answer.status === 503
  const nextAt =
    isDelivered || !event || answer.status === goneStatus
      ? undefined
      : nextTryAt(row.n + 1, { now: now(), random: dependencies.random(), retryAfterMs: retryAfter })
  // The next try is scheduled before this one is stored: a crash in between repeats this try and loses none.
  if (nextAt !== undefined)
    await scheduleAt(nextAt, { ...message, n: row.n + 1, isReserved: false, isSlow: true }, dependencies)
  await deliveries.replace(site, afterTry(row, answer, started, isDelivered, nextAt), row)
  const settled = await targets.change(site, webhook.id, (state) =>
    settle(state, row.id, { isDelivered, pauseMs: isOverloaded ? retryAfter : undefined }, now()),
  )
  if (answer.status === goneStatus) await disable(site, webhook, 'gone', dependencies)
  else if (settled.isToDisable) await disable(site, webhook, 'failing', dependencies)
  const { noticeAfterMs } = settled
  if (noticeAfterMs !== undefined)
    logOutcome('warn', 'webhook-failing', { site, webhook: webhook.id, hours: noticeAfterMs / 3_600_000 })
  const { status, error, ms } = answer
  logOutcome('info', 'delivery', {
    site,
    webhook: webhook.id,
    event: row.event,
    type: row.type,
    n: row.n,
    status,
    error,
    ms,
  })
}

async function send(
  site: SiteId,
  event: StoredEvent,
  webhook: WebhookRow,
  reader: Reader,
  { post, rules, now }: DeliverDependencies,
): Promise<WebhookAnswer> {
  const body = renderBody(site, event, reader, webhook.format)
  const { secret, older, contentType, signingKey } = webhook
  const secrets = older && older.until > now() ? [secret, older.secret] : [secret]
  const signed = { id: event.id, seconds: Math.floor(now() / 1000), body }
  const headers = {
    ...webhook.headers,
    'content-type': contentType,
    'user-agent': 'Switchhook',
    ...signatureHeaders(signed, secrets, signingKey),
  }
  const answer = await postTo(webhook, { headers, body }, { post, rules })
  return { ...answer, ...(answer.answer !== undefined && { answer: withoutSecrets(answer.answer, webhook) }) }
}

async function scheduleAt(at: number, message: DeliveryMessage, { queue, deliveries, now }: DeliverDependencies) {
  const delaySeconds = (at - now()) / 1000
  // Later retries are listed in the table.
  if (delaySeconds <= delaySecondsMax) return queue.send([{ message, delaySeconds }])
  const { site, webhook, delivery } = message
  await deliveries.putDue(site, at, { webhook, delivery }, JSON.stringify(message))
}
