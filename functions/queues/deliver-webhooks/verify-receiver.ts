import { randomUUID } from 'node:crypto'
import type { SiteId } from '../../../contracts/names.ts'
import type { WebhookAnswer } from '../../gateways/webhook-post.ts'
import { logOutcome } from '../../log.ts'
import type { WebhookRow } from '../../stores/webhooks.ts'
import { goneStatus } from './after-try.ts'
import { type PostDependencies, postTo } from './post-to.ts'

interface VerifyDependencies extends PostDependencies {
  webhooks: { replace(site: SiteId, row: WebhookRow, seen: Pick<WebhookRow, 'tag'>): Promise<boolean> }
}

/**
 * Asks a receiver whether it wants events, if its webhook says so and it has not agreed yet ("HTTP 1.1 Web Hooks for Event Delivery" of
 * CloudEvents, section 4). Returns undefined if events may be sent, else why not: a status alone is no consent. The headers of the
 * webhook, which may be credentials, are not sent.
 */
export async function verifyReceiver(
  site: SiteId,
  webhook: WebhookRow,
  { post, rules, webhooks }: VerifyDependencies,
): Promise<WebhookAnswer | undefined> {
  if (!webhook.verify || webhook.verified) return undefined
  const origin = (rules.ownHosts[0] ?? 'switchhook').replace(/:\d+$/, '')
  const headers = {
    'user-agent': 'Switchhook',
    'webhook-request-origin': origin,
    'webhook-request-rate': String(webhook.perSecond * 60),
  }
  const asked = await postTo(webhook, { headers, body: '', method: 'OPTIONS' }, { post, rules })
  const { status, error, allowed, ms } = asked
  if (error !== undefined || status === undefined) return { error: `verification: ${error ?? 'no answer'}`, ms }
  if (status === goneStatus) return asked
  const isOk = status >= 200 && status < 300
  if (!isOk || !isAllowed(allowed?.origin, origin)) {
    const why = `The receiver has not agreed: it must answer OPTIONS with 200 and WebHook-Allowed-Origin: ${origin}, and answered ${status}.`
    return { error: why, retryAfter: asked.retryAfter, ms }
  }
  const rate = allowed?.rate?.trim() ?? ''
  const allowedPerMinute = /^[1-9]\d{0,8}$/.test(rate) ? Number(rate) : undefined
  // If the webhook was changed meanwhile, the next try asks again.
  await webhooks.replace(site, { ...webhook, verified: true, allowedPerMinute, tag: randomUUID() }, webhook)
  logOutcome('info', 'webhook-verified', { site, webhook: webhook.id })
  return undefined
}

/** The header names origins, or `*` for all. */
function isAllowed(header: string | undefined, origin: string): boolean {
  const names = (header ?? '').split(',').map((name) => name.trim().toLowerCase())
  return names.includes('*') || names.includes(origin.toLowerCase())
}
