import { randomUUID } from 'node:crypto'
import type { SiteId } from '../../../contracts/names.ts'
import type { Scope } from '../../../contracts/scopes.ts'
import {
  type WebhookFormat,
  type WebhookMade,
  type WebhookRequest,
  webhooksOfSiteMax,
} from '../../../contracts/webhook.ts'
import { eventDefinition, isEventType } from '../../../contracts/webhook-events.ts'
import type { SiteKey } from '../../caller.ts'
import { sha256 } from '../../domain/api-key.ts'
import { newTarget } from '../../domain/webhooks/admission.ts'
import { isSecret, makeSecret, makeSigningKey } from '../../domain/webhooks/signature.ts'
import { parseTarget, TargetRefusedError, type TargetRules } from '../../domain/webhooks/target-url.ts'
import type { WebhookRow } from '../../stores/webhooks.ts'
import { hashOf, idempotencyKeyMalformed, idempotencyKeyReused, isIdempotencyKey } from '../idempotency.ts'
import { badFields, HttpProblemError } from '../problem.ts'
import { showWebhook } from './show-webhook.ts'

export interface WebhookMaker {
  create(site: SiteId, row: WebhookRow): Promise<boolean>
  find(site: SiteId, id: string): Promise<WebhookRow | undefined>
  list(site: SiteId): Promise<WebhookRow[]>
}
export interface MakeWebhookDependencies {
  caller: SiteKey
  webhooks: WebhookMaker
  /** Has functions of the queues make events for this site. */
  mark: { set(site: SiteId): Promise<void> }
  rules: TargetRules
  now: number
}

/** An Idempotency-Key means the same request for this long. */
const idempotencyMsMax = 86_400_000

/** Makes a webhook, once for each Idempotency-Key. It marks the site first: a mark without a webhook has no effect. */
export async function makeWebhook(
  site: SiteId,
  request: WebhookRequest,
  idempotencyKey: string | undefined,
  { caller, webhooks, mark, rules, now }: MakeWebhookDependencies,
): Promise<WebhookMade> {
  if (idempotencyKey !== undefined && !isIdempotencyKey(idempotencyKey)) throw idempotencyKeyMalformed()
  checkWebhook(request, caller, rules)
  const { secret = makeSecret(), format = 'standard', asymmetric, ...settings } = request
  const isChat = format !== 'standard'
  if (isChat && settings.contentType === 'application/cloudevents+json')
    throw badFields([
      { field: 'contentType', message: `The format ${format} is application/json: leave the field out.` },
    ])
  if (!isSecret(secret))
    throw badFields([
      { field: 'secret', message: 'Not whsec_ and the base64 of 24 to 64 bytes. Leave it out to get a new one.' },
    ])
  checkVerify(format, settings.verify)
  const hash = hashOf(request)
  const id = `wh_${(idempotencyKey === undefined ? randomUUID().replaceAll('-', '') : sha256(`${caller.keyId} ${idempotencyKey}`)).slice(0, 24)}`
  const row: WebhookRow = {
    id,
    key: caller.keyId,
    ...settings,
    format,
    perSecond: settings.perSecond ?? (isChat ? 1 : 10),
    contentType: settings.contentType ?? (isChat ? 'application/json' : 'application/cloudevents+json'),
    secret,
    ...(asymmetric && { signingKey: makeSigningKey() }),
    enabled: true,
    createdAt: now,
    tag: randomUUID(),
    request: hash,
  }
  const known = (await webhooks.list(site)).filter(({ listensUntil }) => listensUntil === undefined)
  const same = known.find((one) => one.id === id)
  if (!same && known.length >= webhooksOfSiteMax) {
    const detail = `The site has ${webhooksOfSiteMax} webhooks, its maximum. Delete one first.`
    throw new HttpProblemError(409, 'webhook-limit', detail)
  }
  await mark.set(site)
  if (!same && (await webhooks.create(site, row))) return made(row, now)
  const first = same ?? (await webhooks.find(site, id))
  if (first?.request === hash && now - first.createdAt < idempotencyMsMax) return made(first, now)
  throw idempotencyKeyReused()
}

export function made(row: WebhookRow, now: number): WebhookMade {
  return { ...showWebhook(row, newTarget, now), secret: row.secret }
}

/**
 * Checks what the schema cannot: the address, and that the key may get the types that are named. A pattern such as `call.*` gets
 * what the key may get.
 * @throws HttpProblemError 400 or 403
 */
export function checkWebhook(
  { url, types = [] }: { url?: string | undefined; types?: readonly string[] | undefined },
  caller: SiteKey,
  rules: TargetRules,
): void {
  if (url !== undefined) checkUrl(url, rules)
  const missing = new Set<Scope>(
    types
      .flatMap((type) => (isEventType(type) ? [eventDefinition(type).needs] : []))
      .filter((one) => !caller.scopes.has(one)),
  )
  if (missing.size === 0) return
  const detail = `The calling key lacks ${[...missing].join(', ')} itself, so it cannot subscribe to these types.`
  throw new HttpProblemError(403, 'scope-not-held', detail)
}

/** Slack and Teams answer no OPTIONS request. @throws HttpProblemError 400 */
export function checkVerify(format: WebhookFormat, verify: boolean | undefined): void {
  if (format === 'standard' || !verify) return
  throw badFields([
    { field: 'verify', message: `A receiver of the format ${format} does not answer: leave the field out.` },
  ])
}

function checkUrl(url: string, rules: TargetRules): void {
  try {
    parseTarget(url, rules)
  } catch (error) {
    if (!(error instanceof TargetRefusedError)) throw error
    throw badFields([{ field: 'url', message: error.message }])
  }
}
