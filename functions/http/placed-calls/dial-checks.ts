import type { KeyCallRules } from '../../../contracts/key.ts'
import type { CallRequest } from '../../../contracts/routes/placed-calls.ts'
import type { SiteSettings } from '../../../contracts/site.ts'
import { type DialRules, judgeNumber } from '../../domain/dial-rules.ts'
import { canonicalNumber, type Numbering } from '../../domain/phone-number.ts'
import { badFields, HttpProblemError } from '../problem.ts'

/** Returns the dial rules of the site, narrowed by those of the key. */
export function rulesOf(settings: SiteSettings, key: KeyCallRules): DialRules {
  const { dialCountries } = key
  return {
    internal: settings.dialInternal && (key.dialInternal ?? true),
    national: settings.dialNational && (key.dialNational ?? true),
    mobile: settings.dialMobile && (key.dialMobile ?? true),
    countries: settings.dialCountries.filter((country) => dialCountries?.includes(country) ?? true),
    outsidePrefix: settings.outsidePrefix,
  }
}

/** Returns the number in canonical form and the digits for the dial plan. @throws HttpProblemError 400 or 403 */
export function judgeTarget(
  field: string,
  text: string,
  rules: DialRules,
  numbering: Numbering,
): { dial: string; canonical: string } {
  const verdict = judgeNumber(text, rules, numbering)
  if (verdict.kind === 'allowed') return verdict
  if (verdict.kind === 'invalid')
    throw badFields([{ field, message: 'Not a number that can be dialled. Example: +33 1 23 45 67 89.' }])
  if (verdict.why === 'prefix-unconfirmed') {
    throw new HttpProblemError(
      409,
      'prefix-unconfirmed',
      'Nobody has confirmed what phones of this site dial before an outside number. Set outsidePrefix in the settings of the site, for example "0", or "" if they dial nothing.',
    )
  }
  throw new HttpProblemError(403, `dial-${verdict.why}`, `The rules of this site or key deny ${verdict.why} numbers.`, {
    errors: [{ field, message: `Denied: ${verdict.why} numbers.` }],
  })
}

/** Checks the number to dial and the caller id. @throws HttpProblemError 400 or 403 */
export function checkDialled(
  { to, callerId }: CallRequest,
  settings: SiteSettings,
  key: KeyCallRules,
  numbering: Numbering,
): { to: string; dial: string; callerId: string | undefined } {
  const verdict = judgeTarget('to', to, rulesOf(settings, key), numbering)
  const own = callerId === undefined ? undefined : canonicalNumber(callerId, numbering)
  if (own !== undefined && !settings.ownNumbers.includes(own)) {
    throw new HttpProblemError(
      403,
      'caller-id-not-owned',
      'A call may show only the numbers of its site (ownNumbers).',
      {
        errors: [{ field: 'callerId', message: 'Not one of `ownNumbers` of this site.' }],
      },
    )
  }
  return { to: verdict.canonical, dial: verdict.dial, callerId: own }
}
