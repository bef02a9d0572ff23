import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { EndpointState } from '../../contracts/facts.ts'
import type { EndpointEntity } from '../../contracts/frames.ts'
import { type DialRules, judgeNumber } from '../../functions/domain/dial-rules.ts'
import { siteNumbers } from '../../functions/domain/site-numbers.ts'
import { checkNotSelf } from '../../functions/http/placed-calls/reachable-endpoint.ts'
import { propertyRuns } from '../support/property.ts'

const rules: DialRules = { internal: true, national: true, mobile: true, countries: [], outsidePrefix: '0' }
const french = { country: 'FR' } as const
const numbers = siteNumbers([], { extensions: ['60-69'], services: ['88888-88889'], trunks: [] })
const judge = (text: string, over: Partial<DialRules> = {}) => judgeNumber(text, french, { ...rules, ...over }, numbers)

test.each([
  ['61', '61', '61'],
  ['04 79 00 00 60', '00479000060', '+33479000060'],
  ['+33 4 79 00 00 60', '00479000060', '+33479000060'],
  ['0033479000060', '00479000060', '+33479000060'],
  ['06.12.34.56.78', '00612345678', '+33612345678'],
])('dials the entered number %s as %s', (text, dial, canonical) => {
  expect(judge(text)).toEqual({ kind: 'allowed', dial, canonical })
})

test('dials a number of another country, with 00 before it, only if the country is allowed', () => {
  expect(judge('+41 22 730 51 11')).toEqual({ kind: 'denied', why: 'international' })
  expect(judge('+41 22 730 51 11', { countries: ['CH'] })).toMatchObject({ kind: 'allowed', dial: '00041227305111' })
})

test('denies internal, national and mobile numbers if the site denies them', () => {
  expect(judge('61', { internal: false })).toMatchObject({ why: 'internal' })
  expect(judge('0479000060', { national: false })).toMatchObject({ why: 'national' })
  expect(judge('0612345678', { mobile: false })).toMatchObject({ why: 'mobile' })
})

const never = [
  '15',
  '17',
  '18',
  '112',
  '114',
  '115',
  '119',
  '191',
  '196',
  '116000',
  '116117',
  '911',
  '999',
  '118712',
  '118000',
]
const premium = ['0891234567', '0899123456', '0897654321', '0826123456', '+33 892 70 12 39', '0033 899 70 12 39']
const satellite = [
  '+870773111632',
  '+881612345678',
  '+8821612345678',
  '+883510012345678',
  '00881612345678',
  '+979123456789',
  '+8835100123456',
]
const countries = [
  '1242',
  '1284',
  '1809',
  '1876',
  '216',
  '224',
  '231',
  '232',
  '252',
  '257',
  '371',
  '375',
  '381',
  '53',
  '675',
  '677',
  '682',
  '686',
  '960',
  '44',
  '49',
  '34',
  '41',
  '1212',
]
const foreign = countries.flatMap((code) =>
  ['2345678', '70123456', '612345678', '900123456'].map((rest) => code + rest),
)
const spellings = [
  (n: string) => `+${n}`,
  (n: string) => `00${n}`,
  (n: string) => `+${n.slice(0, 3)} ${n.slice(3)}`,
  (n: string) => `00 ${n.slice(0, 2)}-${n.slice(2)}`,
  (n: string) => `011${n}`,
]
const hostile = [
  '*21*0612345678#',
  '#31#0612345678',
  '*',
  '88888*',
  'sip:61@evil.example',
  '61@sortants',
  '61\r\nX: y',
  '61&PJSIP/5861',
  'Local/61@internes',
  '61,1',
  '61,sortants,1',
  '1'.repeat(200),
  '٦١',
  '６１',
  '',
  ' ',
  '+',
  '0',
  '00',
  '61;ext=1',
  'tel:61',
  '0x3d',
  '61 OR 1',
  `\${EXTEN}`,
  '61/n',
  '-61',
  '+61',
  '+60',
]
const forbidden = [
  ...never,
  ...premium,
  ...satellite,
  ...hostile,
  ...foreign.flatMap((n) => spellings.map((spell) => spell(n))),
]

test(`dials none of ${forbidden.length} forbidden destinations`, () => {
  expect(forbidden.length).toBeGreaterThanOrEqual(500)
  for (const outsidePrefix of ['', '9']) {
    expect(forbidden.filter((text) => judge(text, { outsidePrefix }).kind === 'allowed')).toEqual([])
  }
  // With the prefix 0, `0044 2345678` is no number of Britain and dials 04 42 34 56 78, as on a phone of the site.
  const french = forbidden.map((text) => judge(text)).filter((verdict) => verdict.kind === 'allowed')
  expect(french.filter(({ canonical }) => !/^\+33[1-5]\d{8}$/.test(canonical))).toEqual([])
  expect(french.length).toBeLessThan(10)
})

const digits = fc.stringMatching(/^[0-9]{1,14}$/)
const typed = fc
  .tuple(fc.constantFrom('', '+', '00', '0', '0033', '+33'), digits, fc.constantFrom('', ' ', '.', '-', '('))
  .map(([prefix, number, mark]) => prefix + number.slice(0, 2) + mark + number.slice(2))

test('gives the canonical form of a number the same verdict as the number', () => {
  fc.assert(
    fc.property(typed, (text) => {
      const verdict = judge(text)
      if (verdict.kind === 'allowed') expect(judge(verdict.canonical)).toEqual(verdict)
    }),
    { numRuns: propertyRuns(300) },
  )
})

test('for any typed text, dials nothing or only digits of the allowed number', () => {
  fc.assert(
    fc.property(fc.oneof(typed, fc.string({ unit: 'binary', maxLength: 40 })), (text) => {
      const verdict = judge(text)
      if (verdict.kind !== 'allowed') return
      expect(verdict.dial).toMatch(/^(6\d|00[1-9]\d{8})$/)
      if (verdict.dial.startsWith('0')) expect(`+33${verdict.dial.slice(2)}`).toBe(verdict.canonical)
    }),
    { numRuns: propertyRuns(300) },
  )
})

const phone = (resource: string, number?: string): EndpointState => ({
  endpoint: `PJSIP/${resource}`,
  technology: 'PJSIP',
  resource,
  deviceState: 'NOT_INUSE',
  reachability: 'online',
  since: '2026-11-24T08:00:00.000Z',
  ...(number !== undefined && { number }),
})

test.each([
  ['0123456700', 'national'],
  ['0899123456', 'premium'],
  ['0033972101010', 'national'],
  ['118712', 'premium'],
])('the number %s in a caller ID or name of a phone is judged as an outside number', (number, why) => {
  const listed = { extensions: [], services: [], trunks: [] }
  for (const state of [phone('reception', number), phone(number)]) {
    const known = siteNumbers([state], listed)
    expect(judgeNumber(number, french, { ...rules, national: false }, known)).toEqual({ kind: 'denied', why })
  }
})

test('a phone with a telephone number as caller ID keeps its extension, and its main number is dialled with the prefix', () => {
  const known = siteNumbers([phone('1001', '0123456700')], { extensions: [], services: [], trunks: [] })
  expect(judgeNumber('1001', french, rules, known)).toMatchObject({ kind: 'allowed', dial: '1001' })
  expect(judgeNumber('0123456700', french, rules, known)).toMatchObject({ kind: 'allowed', dial: '00123456700' })
})

test.each([
  ['1001-web', undefined, '1001'],
  ['5861', '61', '61'],
  ['1001', '0123456700', '1001'],
])('the phone PJSIP/%s with the number %s does not call itself at %s', (resource, number, to) => {
  const state = phone(resource, number)
  const phones = { bridge: undefined, known: [{ id: state.endpoint, state }] as unknown as EndpointEntity[] }
  expect(() => checkNotSelf({ from: state.endpoint, to }, phones)).toThrow(expect.objectContaining({ status: 400 }))
  expect(() => checkNotSelf({ from: state.endpoint, to: '62' }, phones)).not.toThrow()
})

test('says that a number of a satellite or a global network is one, not that its country is not allowed', () => {
  for (const number of satellite)
    expect([number, judge(number)]).toEqual([number, { kind: 'denied', why: 'satellite' }])
})
