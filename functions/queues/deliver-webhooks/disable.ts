import { randomUUID } from 'node:crypto'
import type { SiteId } from '../../../contracts/names.ts'
import { logOutcome } from '../../log.ts'
import type { WebhookRow } from '../../stores/webhooks.ts'

interface DisableDependencies {
  webhooks: {
    find(site: SiteId, id: string): Promise<WebhookRow | undefined>
    replace(site: SiteId, row: WebhookRow, seen: Pick<WebhookRow, 'tag'>): Promise<boolean>
  }
  now(): number
}

/** Someone may change the webhook at the same time, and another failing try may disable it. */
const triesMax = 5

/** Disables a webhook, unless its URL was changed since the try that failed. */
export async function disable(
  site: SiteId,
  { id, url }: WebhookRow,
  why: 'gone' | 'failing',
  { webhooks, now }: DisableDependencies,
): Promise<void> {
  for (let tries = 0; tries < triesMax; tries += 1) {
    const row = await webhooks.find(site, id)
    if (!row?.enabled || row.url !== url) return
    const disabled = { ...row, enabled: false, disabledAt: now(), disabledBecause: why, tag: randomUUID() }
    if (!(await webhooks.replace(site, disabled, row))) continue
    logOutcome('warn', 'webhook-disabled', { site, webhook: id, why })
    return
  }
}
