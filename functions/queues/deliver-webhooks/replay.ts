import type { SiteId } from '../../../contracts/names.ts'
import { isInReplay } from '../../domain/webhooks/match.ts'
import type { DelayedDelivery, ReplayMessage } from '../../gateways/delivery-queue.ts'
import { describeError, logOutcome } from '../../log.ts'
import { type DeliveryRow, nextTry } from '../../stores/webhook-deliveries.ts'
import type { WebhookRow } from '../../stores/webhooks.ts'

export interface ReplayDependencies {
  webhooks: { find(site: SiteId, id: string): Promise<WebhookRow | undefined> }
  deliveries: {
    range(
      site: SiteId,
      webhook: string,
      range: { after: string; before: string; limit: number },
    ): Promise<{ rows: DeliveryRow[]; next: string | undefined }>
    replace(site: SiteId, row: DeliveryRow, seen: Pick<DeliveryRow, 'n' | 'round'>): Promise<boolean>
  }
  queue: {
    send(deliveries: readonly DelayedDelivery[]): Promise<void>
    sendReplay(message: ReplayMessage, delaySeconds: number): Promise<void>
  }
  now(): number
}

/** A page takes a hundred writes: a second. At the lowest rate its last delivery is due within two minutes. */
const pageRows = 100

/** Handles pages of replays. Returns the messages that SQS has to deliver again. */
export async function replayAll(
  messages: readonly ReplayMessage[],
  dependencies: ReplayDependencies,
): Promise<ReplayMessage[]> {
  const failed: ReplayMessage[] = []
  for (const message of messages) {
    try {
      await replayPage(message, dependencies)
    } catch (error) {
      logOutcome('error', 'replay-failed', { site: message.site, error: describeError(error) })
      failed.push(message)
    }
  }
  return failed
}

/**
 * Sends one page of a replay, spread by the rate of the webhook, and then asks for the next page. It stops if the webhook was disabled or
 * deleted. A page that is handled twice sends each delivery's message again, which finds that its try was made.
 */
export async function replayPage(
  { site, webhook: id, replay }: ReplayMessage,
  { webhooks, deliveries, queue, now }: ReplayDependencies,
): Promise<void> {
  const webhook = await webhooks.find(site, id)
  if (!webhook?.enabled) return logOutcome('warn', 'replay-stopped', { site, webhook: id, left: replay.left })
  const { rows, next } = await deliveries.range(site, id, { ...replay, limit: pageRows })
  const isDone = (row: DeliveryRow) => row.replay === replay.id
  const wanted = rows.filter((row) => !isDone(row) && isInReplay(row, replay)).slice(0, replay.left)
  const sent: DelayedDelivery[] = []
  for (const [n, row] of wanted.entries()) {
    const delaySeconds = n / webhook.perSecond
    const { failed: _failed, answer: _answer, ...rest } = row
    const again = { state: 'pending' as const, n: 0, round: row.round + 1, isForced: true, replay: replay.id }
    const fresh: DeliveryRow = { ...rest, ...again, nextTryAt: now() + delaySeconds * 1000 }
    if (await deliveries.replace(site, fresh, row)) sent.push({ message: nextTry(site, fresh), delaySeconds })
  }
  const unsent = rows.filter((row) => isDone(row) && row.state === 'pending' && row.n === 0)
  await queue.send([...sent, ...unsent.map((row) => ({ message: nextTry(site, row), delaySeconds: 0 }))])
  const left = replay.left - wanted.length
  logOutcome('info', 'replay', { site, webhook: id, sent: wanted.length, left })
  if (next === undefined || left <= 0) return
  await queue.sendReplay(
    { site, webhook: id, replay: { ...replay, after: next, left } },
    wanted.length / webhook.perSecond,
  )
}
