import { expect, test } from 'vitest'
import { type DialRules, type DialVerdict, judgeNumber } from '../../functions/domain/dial-rules.ts'
import { numbering } from '../../functions/domain/phone-number.ts'
import { shortNumberKind } from '../../functions/domain/short-number.ts'
import { type SiteNumbers, siteNumbers } from '../../functions/domain/site-numbers.ts'
import { shortKindOf } from '../../infra/build/short-numbers.ts'
import {
  forbiddenTexts,
  legitimateTexts,
  neighbourOf,
  numberingPlans,
  outsidePrefixes,
  type PlanCountry,
  planCountries,
} from '../support/numbering-plans.ts'

/** Extensions of real sites, among them some that are emergency numbers of other countries. */
const extensions = ['60-69', '110-119', '190-199', '144', '155', '990-999', '2000-2099', '90000']
const services = ['88888-88889']
const site = (more: string[] = []): SiteNumbers => siteNumbers([], { extensions: more, services, trunks: [] })

function judge(text: string, country: PlanCountry, outsidePrefix: string | undefined, numbers = site()): DialVerdict {
  const countries = [neighbourOf(country)]
  const rules: DialRules = { internal: true, national: true, mobile: true, countries, outsidePrefix }
  return judgeNumber(text, numbering(country), rules, numbers)
}
const sites = planCountries.flatMap((country) => outsidePrefixes.map((prefix) => ({ country, prefix })))

const forbidden = sites.flatMap(({ country, prefix }) =>
  [...new Set(forbiddenTexts(country, prefix))].map((text) => ({ country, prefix, text })),
)

test('dials none of 600 and more forbidden texts, in six countries and with three outside prefixes', () => {
  expect(forbidden.length).toBeGreaterThanOrEqual(600)
  expect(forbidden.filter(({ country, prefix, text }) => judge(text, country, prefix).kind === 'allowed')).toEqual([])
})

test('dials none of them either where the outside prefix is not set, or where extensions of the site begin alike', () => {
  // Each hundred that begins like the texts, except those that would make a short number an extension by name.
  const alike = site(['9000-9099', '9900-9910', '9912-9998', '20000-29999'])
  const isExtension = (text: string) => alike.isExtension(text.replace(/\D/g, ''))
  for (const { country, prefix, text } of forbidden) {
    expect({ country, text, kind: judge(text, country, undefined).kind }).not.toMatchObject({ kind: 'allowed' })
    if (!isExtension(text)) expect(judge(text, country, prefix, alike).kind).not.toBe('allowed')
  }
})

const legitimate = sites.flatMap(({ country, prefix }) =>
  legitimateTexts(country, prefix).map((one) => ({ ...one, country, prefix })),
)

test('dials each of 300 and more legitimate texts as the number behind the outside prefix', () => {
  expect(legitimate.length).toBeGreaterThanOrEqual(300)
  const judged = legitimate.map(({ text, country, prefix, outside }) => {
    const verdict = judge(text, country, prefix)
    return { text, country, dial: verdict.kind === 'allowed' ? verdict.dial : verdict, expected: prefix + outside }
  })
  expect(judged.filter(({ dial, expected }) => dial !== expected)).toEqual([])
})

test('an extension of the site is dialled as it is, unless it is an emergency number of the country', () => {
  const numbers = site(extensions)
  const all = [...range(110, 119), ...range(190, 199), ...range(990, 999), '144', '155', '60', '2001', '90000']
  for (const { country, prefix } of sites) {
    const plan = numberingPlans[country]
    const emergency: readonly string[] = plan.emergency
    const isEmergency = (text: string) =>
      emergency.some((one) => [one, prefix + one, `${prefix}0${one}`].includes(text))
    for (const text of all) {
      const expected = isEmergency(text)
        ? { kind: 'denied', why: 'emergency' }
        : { kind: 'allowed', dial: text, canonical: text }
      expect({ country, prefix, ...judge(text, country, prefix, numbers) }).toEqual({ country, prefix, ...expected })
    }
  }
})

test.each([
  ['9911', 'US', '9', 'emergency'],
  ['9112', 'FR', '9', 'emergency'],
  ['9015', 'FR', '9', 'emergency'],
  ['93699', 'FR', '9', 'premium'],
  ['3699', 'FR', '0', 'premium'],
  ['144', 'CH', '', 'emergency'],
  ['88889', 'FR', '0', 'service'],
  ['115', 'FR', '', 'short'],
] as const)('denies %s in %s with the outside prefix "%s" as %s', (text, country, prefix, why) => {
  expect(judge(text, country, prefix)).toEqual({ kind: 'denied', why })
})

test('denies an emergency number also where it is inside a range of extensions, behind the prefix or not', () => {
  const wide = site(['1-99999'])
  expect(judge('9911', 'US', '9', wide)).toEqual({ kind: 'denied', why: 'emergency' })
  expect(judge('9015', 'FR', '9', wide)).toEqual({ kind: 'denied', why: 'emergency' })
  expect(judge('112', 'FR', '9', wide)).toEqual({ kind: 'denied', why: 'emergency' })
})

test('a range of extensions holds no number with a leading zero, which phones would dial outside', () => {
  expect(judge('03699', 'FR', '0', site(['3600-3699']))).toEqual({ kind: 'denied', why: 'premium' })
  expect(judge('03699', 'FR', '0', site(['03699']))).toMatchObject({ kind: 'allowed', dial: '03699' })
})

test('a number that is valid as it is keeps its meaning; otherwise the outside prefix is removed', () => {
  expect(judge('0032 2 551 20 20', 'FR', '0')).toMatchObject({ canonical: '+3225512020' })
  expect(judge('00612345678', 'FR', '0')).toMatchObject({ canonical: '+33612345678', dial: '00612345678' })
  expect(judge('0041227305111', 'FR', '0')).toEqual({ kind: 'denied', why: 'international' })
})

test('the table of short numbers equals the data of google-libphonenumber', () => {
  for (const country of planCountries) {
    for (let value = 0; value < 2_000; value += 1) {
      const digits = String(value).padStart(value < 100 ? 2 : 3, '0')
      expect({ country, digits, kind: shortNumberKind(digits, country) }).toEqual({
        country,
        digits,
        kind: shortKindOf(digits, country),
      })
    }
  }
})

function range(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, n) => String(first + n))
}
