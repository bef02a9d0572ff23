import { randomUUID } from 'node:crypto'
import type { SiteId } from '../../../contracts/names.ts'
import type { Replay, ReplayRequest } from '../../../contracts/webhook.ts'
import { isInReplay } from '../../domain/webhooks/match.ts'
import type { ReplayMessage } from '../../gateways/delivery-queue.ts'
import type { DeliveryRow } from '../../stores/webhook-deliveries.ts'
import { badFields, HttpProblemError } from '../problem.ts'
import { existingWebhook, type WebhookFinder } from './show-webhook.ts'

interface ReplayDependencies {
  webhooks: WebhookFinder
  deliveries: {
    range(
      site: SiteId,
      webhook: string,
      range: { after: string; before: string; limit: number },
    ): Promise<{ rows: DeliveryRow[]; next: string | undefined }>
  }
  queue: { sendReplay(message: ReplayMessage, delaySeconds: number): Promise<void> }
  now: number
}

const pageRows = 1_000
/** The function has 10 s, and a full page of DynamoDB, 1 MB, takes up to 0.1 s. The rest of a longer log needs another replay. */
const pagesMax = 50

/**
 * Counts the deliveries that match, and starts to send them again if the request has confirmed their number. The queue works through
 * them at the rate of the webhook.
 */
export async function replayDeliveries(
  site: SiteId,
  id: string,
  request: ReplayRequest,
  { webhooks, deliveries, queue, now }: ReplayDependencies,
): Promise<Replay> {
  const { from = 0, to = now, states = ['failed', 'held'], types = ['*'], count } = request
  const [start, end] = [new Date(from).getTime(), Math.min(now, new Date(to).getTime())]
  if (start >= end) throw badFields([{ field: 'from', message: '`from` must be before `to` and before now.' }])
  const webhook = await existingWebhook(site, id, webhooks)
  if (!webhook.enabled)
    throw new HttpProblemError(
      409,
      'webhook-disabled',
      'The webhook is disabled. Enable it, then replay its deliveries.',
    )
  const range = { after: idTime(start), before: idTime(end) }
  const filter = { states, types }
  let found = 0
  let next: string | undefined = range.after
  for (let pages = 0; next !== undefined && pages < pagesMax; pages += 1) {
    const page: Awaited<ReturnType<ReplayDependencies['deliveries']['range']>> = await deliveries.range(site, id, {
      ...range,
      after: next,
      limit: pageRows,
    })
    found += page.rows.filter((row) => isInReplay(row, filter)).length
    next = page.next
  }
  const isMore = next !== undefined
  if (count === undefined || found === 0) return { count: found, isMore, started: false }
  if (count < found) {
    const detail = `${found} deliveries match and \`count\` is ${count}. Send \`count\`: ${found} to replay them, or narrow the request.`
    throw new HttpProblemError(409, 'replay-count', detail)
  }
  await queue.sendReplay({ site, webhook: id, replay: { id: randomUUID(), ...range, ...filter, left: found } }, 0)
  return { count: found, isMore, started: true }
}

/** Ids of deliveries begin with the time of their event: 13 digits. */
function idTime(ms: number): string {
  return String(Math.max(0, ms)).padStart(13, '0')
}

/** Returns the answer to a request for a replay: 202 if it was started. */
export function started(replay: Replay): [200 | 202, Replay] {
  return [replay.started ? 202 : 200, replay]
}
