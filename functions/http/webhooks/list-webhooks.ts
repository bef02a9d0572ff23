import type { SiteId } from '../../../contracts/names.ts'
import type { Webhook } from '../../../contracts/webhook.ts'
import type { TargetState } from '../../domain/webhooks/admission.ts'
import type { WebhookRow } from '../../stores/webhooks.ts'
import { showWebhook } from './show-webhook.ts'

interface ListDependencies {
  webhooks: { list(site: SiteId): Promise<WebhookRow[]> }
  targets: { find(site: SiteId, webhook: string): Promise<TargetState> }
  now: number
}

/** Returns all webhooks of a site, oldest first. */
export async function listWebhooks(
  site: SiteId,
  { webhooks, targets, now }: ListDependencies,
): Promise<{ webhooks: Webhook[] }> {
  const rows = (await webhooks.list(site)).filter(({ listensUntil }) => listensUntil === undefined)
  const states = await Promise.all(rows.map(({ id }) => targets.find(site, id)))
  return { webhooks: rows.map((row, n) => showWebhook(row, { failingSince: states[n]?.failingSince }, now)) }
}
