import type { KeyCallRules } from '../../../contracts/key.ts'
import type { CallRequest } from '../../../contracts/routes/placed-calls.ts'
import type { SiteSettings } from '../../../contracts/site.ts'
import { type DialRules, judgeNumber } from '../../domain/dial-rules.ts'
import { canonicalNumber, type Numbering } from '../../domain/phone-number.ts'
import { badFields, HttpProblemError } from '../problem.ts'

/** The rules of the site, narrowed by those of the key. */
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

/** 400 and 403 for what is no number or may not be dialled; else its one form, and the digits for the dial plan. */
export function judgeTarget(
  field: string,
  text: string,
  rules: DialRules,
  numbering: Numbering,
): { dial: string; canonical: string } {
  const verdict = judgeNumber(text, rules, numbering)
  if (verdict.kind === 'allowed') return verdict
  if (verdict.kind === 'invalid') throw badFields([{ field, message: 'no number that can be dialled' }])
  throw new HttpProblemError(403, `dial-${verdict.why}`, `The rules of this site or key deny ${verdict.why} numbers.`, {
    errors: [{ field, message: `${verdict.why} numbers are denied` }],
  })
}

/** What is dialled, in the number's one form and as the dial plan takes it; 400 and 403 for what is not. */
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
        errors: [{ field: 'callerId', message: 'none of the numbers of this site' }],
      },
    )
  }
  return { to: verdict.canonical, dial: verdict.dial, callerId: own }
}
