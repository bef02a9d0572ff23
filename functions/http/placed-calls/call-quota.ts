import type { KeyCallRules } from '../../../contracts/key.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { SiteSettings } from '../../../contracts/site.ts'
import type { KeyFrozen } from '../../../contracts/webhook-event-data.ts'
import { logOutcome } from '../../log.ts'
import type { WebhookEvents } from '../../queues/webhook-events.ts'
import type { CapSpan, SpanCaps } from '../../stores/call-caps.ts'
import type { OpenCaps } from '../../stores/open-calls.ts'
import type { PlacedRow } from '../../stores/placed-calls.ts'
import { type FreezeReader, isKeyFrozen } from '../frozen.ts'
import { HttpProblemError } from '../problem.ts'

export interface CallRates {
  take(
    site: SiteId,
    keyId: string,
    max: Record<CapSpan, SpanCaps>,
    now: number,
  ): Promise<{ cap: CapSpan; until: number } | undefined>
}
export interface OpenCallList {
  add(site: SiteId, keyId: string, call: string, max: OpenCaps): Promise<boolean>
  remove(site: SiteId, keyId: string, call: string): Promise<void>
  list(site: SiteId): Promise<string[]>
}
export interface KeyFreezes extends FreezeReader {
  /** Returns since when the key is frozen. */
  freeze(site: SiteId, keyId: string, now: number): Promise<number>
  /** Stores that the key is about to be frozen, so that the event of the freeze is sent although this function is killed. */
  intend(site: SiteId, keyId: string, cap: KeyFrozen['cap'], at: number): Promise<void>
  /** The event of the freeze is sent. */
  forget(site: SiteId, keyId: string, at: number): Promise<void>
}
export interface QuotaDependencies {
  caps: CallRates
  open: OpenCallList
  freezes: KeyFreezes
  placed: { find(site: SiteId, call: string): Promise<PlacedRow | undefined> }
  /** Is told of keys that are frozen. */
  webhooks?: WebhookEvents
}
interface QuotaRequest {
  site: SiteId
  /** Key against whose caps the call counts: the calling one, or the capped key that made it. */
  keyId: string
  ownKey: string
  call: string
  settings: SiteSettings
  /** Rules of the calling key, and of the key against which it counts. */
  rules: KeyCallRules
  accountRules: KeyCallRules
  now: number
}

/** Retry-After when too many calls are in progress: one of them will end. */
const atOnceSeconds = 10
/** A call that has no row after this was never made: its request has ended. */
const unmadeMs = 60_000

/** Counts a call against the caps of site and key. @throws HttpProblemError 429 if a cap is reached, 403 if the key is frozen */
export async function takeCallQuota(request: QuotaRequest, dependencies: QuotaDependencies): Promise<void> {
  const { site, keyId, ownKey, call, settings, rules, now } = request
  const { freezes } = dependencies
  if (await isKeyFrozen(freezes, site, ownKey, keyId)) {
    throw new HttpProblemError(
      403,
      'key-frozen',
      'This key reached a cap and was frozen. A key manager can unfreeze it.',
    )
  }
  const atOnce = { site: settings.callsAtOnce, key: rules.callsAtOnce ?? settings.callsAtOnce }
  const hasPlace = async () => dependencies.open.add(site, keyId, call, atOnce)
  if (!(await hasPlace()) && !((await clearEnded(site, now, dependencies)) && (await hasPlace()))) {
    throw await quotaExceeded(request, 'at-once', atOnceSeconds, dependencies)
  }
  const max = {
    minute: { site: settings.callsPerMinute, key: rules.callsPerMinute ?? settings.callsPerMinute },
    day: { site: settings.callsPerDay, key: rules.callsPerDay ?? settings.callsPerDay },
  }
  const exceeded = await dependencies.caps.take(site, keyId, max, now)
  if (!exceeded) return
  await dependencies.open.remove(site, keyId, call)
  throw await quotaExceeded(request, exceeded.cap, Math.ceil((exceeded.until - now) / 1000), dependencies)
}

/** Removes calls that have ended but are still listed, as a crash between the two writes leaves them. */
async function clearEnded(site: SiteId, now: number, { open, placed }: QuotaDependencies): Promise<boolean> {
  let cleared = false
  for (const call of await open.list(site)) {
    const row = await placed.find(site, call)
    const isUnmade = !row && now - Number(call.slice(3, 13)) * 1000 > unmadeMs
    if (row?.stage !== 'ended' && !isUnmade) continue
    await open.remove(site, row?.quotaKey ?? row?.keyId ?? '', call)
    cleared = true
  }
  return cleared
}

const capFields = { 'at-once': 'callsAtOnce', minute: 'callsPerMinute', day: 'callsPerDay' } as const

async function quotaExceeded(
  { site, keyId, ownKey, rules, accountRules, settings, now }: QuotaRequest,
  cap: keyof typeof capFields,
  retryAfterSeconds: number,
  { freezes, webhooks }: QuotaDependencies,
): Promise<HttpProblemError> {
  const field = capFields[cap]
  // A key with a narrower cap than the key that made it reaches that cap alone.
  const isNarrower = (rules[field] ?? settings[field]) < (accountRules[field] ?? settings[field])
  const reached = isNarrower ? ownKey : keyId
  if (settings.freezeOnCap) {
    // Requests at the same time send the same event: its id follows from when the key was frozen.
    await freezes.intend(site, reached, cap, now)
    const frozenAt = new Date(await freezes.freeze(site, reached, now)).toISOString()
    await webhooks?.publish({ site, frozen: { key: reached, cap, frozenAt } })
    await freezes.forget(site, reached, now)
  }
  // Logged as an error because an alarm counts these: someone places more calls than the site expects.
  logOutcome('error', 'call-cap', { site, keyId: reached, cap, frozen: settings.freezeOnCap })
  return new HttpProblemError(
    429,
    `call-cap-${cap}`,
    `The site or key has reached its cap of calls (${cap}). Retry-After says when to try again.`,
    {
      headers: { 'retry-after': String(retryAfterSeconds) },
    },
  )
}
