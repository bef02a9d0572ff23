import type { CallEntity } from '../../../contracts/frames.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { CallRequest } from '../../../contracts/operations/placed-calls.ts'
import type { SiteSettings } from '../../../contracts/site.ts'
import { judgeNumber } from '../../domain/dial-rules.ts'
import { canonicalNumber, type Numbering } from '../../domain/phone-number.ts'
import { logOutcome } from '../../log.ts'
import type { CapSpan } from '../../stores/call-caps.ts'
import { badFields, HttpProblem } from '../problem.ts'

export interface Caps {
  take(
    site: SiteId,
    keyId: string,
    max: Record<CapSpan, number>,
    now: number,
  ): Promise<{ cap: CapSpan; until: number } | undefined>
}

/** What is dialled, in the number's one form and as the dial plan takes it; 400 and 403 for what is not. */
export function checkDialled(
  { to, callerId }: CallRequest,
  settings: SiteSettings,
  numbering: Numbering,
): { to: string; dial: string; callerId: string | undefined } {
  const rules = {
    internal: settings.dialInternal,
    national: settings.dialNational,
    mobile: settings.dialMobile,
    countries: settings.dialCountries,
    outsidePrefix: settings.outsidePrefix,
  }
  const verdict = judgeNumber(to, rules, numbering)
  if (verdict.kind === 'invalid') throw badFields([{ field: 'to', message: 'no number that can be dialled' }])
  if (verdict.kind === 'denied') {
    throw new HttpProblem(403, `dial-${verdict.why}`, `The rules of this site deny ${verdict.why} numbers.`, {
      errors: [{ field: 'to', message: `${verdict.why} numbers are denied` }],
    })
  }
  const own = callerId === undefined ? undefined : canonicalNumber(callerId, numbering)
  if (own !== undefined && !settings.ownNumbers.includes(own)) {
    throw new HttpProblem(403, 'caller-id-not-owned', 'A call may show only the numbers of its site (ownNumbers).', {
      errors: [{ field: 'callerId', message: 'none of the numbers of this site' }],
    })
  }
  return { to: verdict.canonical, dial: verdict.dial, callerId: own }
}

/** 429 where the site has as many calls by API under way, or made as many, as it may. */
export async function checkCaps(
  site: SiteId,
  keyId: string,
  settings: SiteSettings,
  { caps, calls }: { caps: Caps; calls(site: SiteId): Promise<CallEntity[]> },
  now: number,
): Promise<void> {
  const live = (await calls(site)).filter(({ state }) => state.placed && state.placed.stage !== 'ended').length
  if (live >= settings.callsAtOnce) throw tripped(site, keyId, 'at-once', 10)
  const max = { minute: settings.callsPerMinute, day: settings.callsPerDay }
  const exceeded = await caps.take(site, keyId, max, now)
  if (exceeded) throw tripped(site, keyId, exceeded.cap, Math.ceil((exceeded.until - now) / 1000))
}

function tripped(site: SiteId, keyId: string, cap: string, retryAfterSeconds: number): HttpProblem {
  // At this level an alarm stands on it: someone rings more than the site expects.
  logOutcome('error', 'call-cap', { site, keyId, cap })
  return new HttpProblem(429, `call-cap-${cap}`, 'The site may not place more calls by API for now.', {
    headers: { 'retry-after': String(retryAfterSeconds) },
  })
}
