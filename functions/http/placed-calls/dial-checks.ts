import type { KeyCallRules } from '../../../contracts/key.ts'
import type { CallRequest } from '../../../contracts/routes/placed-calls.ts'
import type { SiteSettings } from '../../../contracts/site.ts'
import { type DialDenial, type DialRules, judgeNumber } from '../../domain/dial-rules.ts'
import { canonicalNumber, type Numbering } from '../../domain/phone-number.ts'
import type { SiteNumbers } from '../../domain/site-numbers.ts'
import { badFields, HttpProblemError } from '../problem.ts'

/** Settings, rules and numbers by which a number to dial is judged. */
export interface DialJudge {
  settings: SiteSettings
  key: KeyCallRules
  numbering: Numbering
  numbers: SiteNumbers
}

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

/** Returns the number in canonical form and the digits for the dial plan. @throws HttpProblemError 400, 403, 404 or 409 */
export function judgeTarget(
  field: string,
  text: string,
  { settings, key, numbering, numbers }: DialJudge,
): { dial: string; canonical: string } {
  const verdict = judgeNumber(text, numbering, rulesOf(settings, key), numbers)
  if (verdict.kind === 'allowed') return verdict
  if (verdict.kind === 'invalid')
    throw badFields([{ field, message: 'Not a number that can be dialled. Example: +33 1 23 45 67 89.' }])
  if (verdict.kind === 'unknown') {
    throw new HttpProblemError(
      404,
      'extension-unknown',
      'The site has no such extension. A number that is no phone of the PBX, such as a group or a menu, must be listed in `extensions` of the settings of the site.',
      { errors: [{ field, message: 'Not an extension of this site.' }] },
    )
  }
  if (verdict.why === 'prefix-unconfirmed') {
    throw new HttpProblemError(
      409,
      'prefix-unconfirmed',
      'Nobody has confirmed what phones of this site dial before an outside number. Set outsidePrefix in the settings of the site, for example "0", or "" if they dial nothing.',
    )
  }
  throw new HttpProblemError(403, `dial-${verdict.why}`, detailOf(verdict.why), {
    errors: [{ field, message: `Denied: ${verdict.why} numbers.` }],
  })
}

function detailOf(why: DialDenial): string {
  if (why === 'service') return 'Calls by API never dial the services of the dial plan. Dial it on a phone.'
  if (why === 'short') {
    return 'Short numbers of the country are denied. Add the number to `extensions` in the settings of the site to allow it.'
  }
  return `The rules of this site or key deny ${why} numbers.`
}

/** Checks the number to dial and the caller id. @throws HttpProblemError 400, 403, 404 or 409 */
export function checkDialled(
  { to, callerId }: CallRequest,
  judge: DialJudge,
): { to: string; dial: string; callerId: string | undefined } {
  const verdict = judgeTarget('to', to, judge)
  const own = callerId === undefined ? undefined : canonicalNumber(callerId, judge.numbering)
  if (own !== undefined && !judge.settings.ownNumbers.includes(own)) {
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
