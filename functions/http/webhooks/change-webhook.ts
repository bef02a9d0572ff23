import { randomUUID } from 'node:crypto'
import type { SiteId } from '../../../contracts/names.ts'
import type { Webhook, WebhookChange, WebhookMade } from '../../../contracts/webhook.ts'
import type { SiteKey } from '../../caller.ts'
import type { TargetState } from '../../domain/webhooks/admission.ts'
import { makeSecret, makeSigningKey } from '../../domain/webhooks/signature.ts'
import type { TargetRules } from '../../domain/webhooks/target-url.ts'
import type { WebhookRow } from '../../stores/webhooks.ts'
import { conditionsOf, strongTags } from '../conditions.ts'
import { badFields, HttpProblemError } from '../problem.ts'
import { checkVerify, checkWebhook, made } from './make-webhook.ts'
import { existingWebhook, showWebhook, type WebhookFinder } from './show-webhook.ts'

export interface WebhookChanger extends WebhookFinder {
  replace(site: SiteId, row: WebhookRow, seen: Pick<WebhookRow, 'tag'>): Promise<boolean>
  delete(site: SiteId, id: string, tag: string): Promise<boolean>
}
export interface Targets {
  find(site: SiteId, webhook: string): Promise<TargetState>
  remove(site: SiteId, webhook: string): Promise<void>
}
interface ChangeDependencies {
  caller: SiteKey
  webhooks: WebhookChanger
  targets: Targets
  rules: TargetRules
  now: number
}
type Headers = Readonly<Record<string, string | undefined>>

/** The secret before a rotation signs for this long too. */
const rotationMs = 86_400_000

export async function getWebhook(
  site: SiteId,
  id: string,
  { webhooks, targets, now }: Omit<ChangeDependencies, 'caller' | 'rules'>,
) {
  const row = await existingWebhook(site, id, webhooks)
  return shown(row, showWebhook(row, await targets.find(site, id), now))
}

/**
 * Changes a webhook. The changing key becomes its key: a key that sees no numbers could otherwise send those of another key's
 * webhook to an address of its own.
 */
export async function changeWebhook(
  site: SiteId,
  id: string,
  change: WebhookChange,
  headers: Headers,
  { caller, webhooks, targets, rules, now }: ChangeDependencies,
) {
  const row = await matching(site, id, headers, webhooks)
  const { enabled = row.enabled, url = row.url, types = row.types, perSecond = row.perSecond, ...others } = change
  const { contentType = row.contentType, asymmetric = row.signingKey !== undefined, ...settings } = others
  if (row.format !== 'standard' && contentType !== 'application/json')
    throw badFields([{ field: 'contentType', message: `The format ${row.format} is application/json.` }])
  checkWebhook({ url: change.url, types }, caller, rules)
  checkVerify(row.format, change.verify)
  checkHeaders(row, change)
  const { disabledAt, disabledBecause, signingKey = makeSigningKey(), verified, allowedPerMinute, ...rest } = row
  // Another address has to agree itself.
  const agreed = url === row.url && change.verify !== false && { verified, allowedPerMinute }
  const off = row.enabled ? { disabledAt: now, disabledBecause: 'asked' as const } : { disabledAt, disabledBecause }
  const keyed = asymmetric && { signingKey }
  const set = { url, types, perSecond, contentType, enabled, ...keyed, ...(!enabled && off) }
  const next: WebhookRow = { ...rest, ...agreed, ...settings, ...set, key: caller.keyId, tag: randomUUID() }
  if (!(await webhooks.replace(site, next, row))) throw changedMeanwhile()
  // A receiver that is started again, or another one, begins without the failures of before.
  const isNew = (enabled && !row.enabled) || next.url !== row.url
  if (isNew) await targets.remove(site, id)
  return shown(next, showWebhook(next, await targets.find(site, id), now))
}

/**
 * The values of headers are credentials for one receiver, which nobody may read: a change of the address must not send them to another
 * one.
 */
function checkHeaders(row: WebhookRow, { url = row.url, headers }: WebhookChange): void {
  const isSame = new URL(url).origin === new URL(row.url).origin
  if (isSame || headers !== undefined || Object.keys(row.headers ?? {}).length === 0) return
  const message = `The stored headers are for ${new URL(row.url).host}: send those for the new address, or {} for none.`
  throw badFields([{ field: 'headers', message }])
}

export async function deleteWebhook(
  site: SiteId,
  id: string,
  headers: Headers,
  { webhooks, targets }: Pick<ChangeDependencies, 'webhooks' | 'targets'>,
): Promise<undefined> {
  const row = await matching(site, id, headers, webhooks)
  if (!(await webhooks.delete(site, id, row.tag))) throw changedMeanwhile()
  await targets.remove(site, id)
  return undefined
}

/** Gives a webhook a new secret. Both secrets sign for a day, so that the receiver can change at its own time. */
export async function rotateSecret(
  site: SiteId,
  id: string,
  { caller, webhooks, rules, now }: Omit<ChangeDependencies, 'targets'>,
): Promise<WebhookMade> {
  const row = await existingWebhook(site, id, webhooks)
  checkWebhook({ types: row.types }, caller, rules)
  if (row.older && row.older.until > now) {
    const detail = `The secret before the last rotation is valid until ${new Date(row.older.until).toISOString()}. Rotate after that.`
    throw new HttpProblemError(409, 'rotation-running', detail)
  }
  const older = { secret: row.secret, until: now + rotationMs }
  const next = { ...row, key: caller.keyId, secret: makeSecret(), older, tag: randomUUID() }
  if (!(await webhooks.replace(site, next, row))) throw changedMeanwhile()
  return made(next, now)
}

async function matching(site: SiteId, id: string, headers: Headers, webhooks: WebhookFinder): Promise<WebhookRow> {
  const row = await existingWebhook(site, id, webhooks)
  const { match } = conditionsOf(headers)
  if (match !== undefined && match !== '*' && !strongTags(match).includes(row.tag)) throw changedMeanwhile()
  return row
}

/** Body and headers of an answer with one webhook. */
function shown(row: WebhookRow, webhook: Webhook): [Webhook, { headers: { etag: string } }] {
  return [webhook, { headers: { etag: `"${row.tag}"` } }]
}

function changedMeanwhile(): HttpProblemError {
  return new HttpProblemError(
    412,
    'webhook-changed',
    'The webhook was changed since it was read. Read it again and use its ETag.',
  )
}
