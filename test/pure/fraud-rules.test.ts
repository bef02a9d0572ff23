import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { FraudChange, FraudSettings } from '../../contracts/fraud.ts'
import { destinationOf, pricePerMinute } from '../../functions/domain/fraud/destination.ts'
import { openingAt } from '../../functions/domain/fraud/hours.ts'
import {
  type FraudContext,
  judge,
  judgeAgain,
  type OutsideCall,
  type Suspicion,
} from '../../functions/domain/fraud/judge.ts'
import { outsideOfCdr, outsideOfFact } from '../../functions/domain/fraud/observe.ts'
import { emptyState, FraudState } from '../../functions/domain/fraud/state.ts'
import { numbering } from '../../functions/domain/phone-number.ts'
import { makeCdr } from '../support/cdrs.ts'
import { callFact } from '../support/facts.ts'

const france = numbering('FR', { outsidePrefix: '0' })
const at = (text: string) => Date.parse(text) / 1000
/** Saturday night, and Tuesday morning, in Paris. */
const night = at('2026-11-21T03:00:00+01:00')
const day = at('2026-11-24T10:00:00+01:00')

function run(
  calls: readonly (Partial<OutsideCall> & { start: number })[],
  more: Partial<FraudSettings> = {},
  before = emptyState,
) {
  const settings = { ...v.parse(FraudSettings, {}), ...more }
  const suspicions: Suspicion[] = []
  let state = before
  for (const [n, call] of calls.entries()) {
    const whole = { call: `c${n}`, extension: '60', dialled: `0005352${n}12345`, isForwarded: false, ...call }
    const context: FraudContext = { site: 'office', numbering: france, zone: 'Europe/Paris', settings, now: call.start }
    const judged = judge(state, whole, context)
    state = judged.state
    if (judged.suspicion) suspicions.push(judged.suspicion)
  }
  expect(v.safeParse(FraudState, JSON.parse(JSON.stringify(state))).issues).toBeUndefined()
  return { state, suspicions }
}
const times = (start: number, count: number, gap: number) =>
  Array.from({ length: count }, (_, n) => ({ start: start + n * gap }))

test.each([
  ['0005352123456', 'high', 'CU'],
  ['00018765551234', 'high', 'JM'],
  ['000972592277524', 'high', 'IL'],
  ['000493012345678', 'ordinary', 'DE'],
  ['00014155552671', 'ordinary', 'US'],
  ['000447012345678', 'premium-abroad', 'GB'],
  ['000881612345678', 'satellite', undefined],
  // No country has assigned it, and it is the range that counts.
  ['000252612', undefined, undefined],
  ['0002526123456', 'high', undefined],
  ['00892123456', 'premium', 'FR'],
  ['0118218', 'directory', 'FR'],
  ['118218', 'directory', 'FR'],
  ['00811123456', 'shared', 'FR'],
  ['00612345678', undefined, undefined],
  ['00800123456', undefined, undefined],
  ['112', undefined, undefined],
  ['0112', undefined, undefined],
  ['3000', undefined, undefined],
  ['*98', undefined, undefined],
  ['900972592277524', 'high', 'IL'],
])('reads where %s leads: %s', (dialled, risk, country) => {
  const found = destinationOf(dialled, france)
  expect(found?.risk).toBe(risk)
  if (country) expect(found?.country).toBe(country)
})

test('takes the price of the longest beginning that the site names', () => {
  const cuba = destinationOf('0005352123456', france)
  if (!cuba) throw new Error('no destination')
  expect(pricePerMinute(cuba, { '+5': 9, '+535': 1.5, '+536': 3 })).toBe(1.5)
  expect(pricePerMinute(cuba, { '+44': 9 })).toBe(0.8)
})

test.each([
  ['2026-11-24T06:59:59+01:00', 'edge'],
  ['2026-11-24T07:00:00+01:00', 'open'],
  ['2026-11-24T19:59:59+01:00', 'open'],
  ['2026-11-24T20:30:00+01:00', 'edge'],
  ['2026-11-24T21:00:00+01:00', 'closed'],
  ['2026-11-22T12:00:00+01:00', 'closed'],
  // Summer time: 07:00 is 05:00 UTC.
  ['2026-07-07T05:00:00Z', 'open'],
  ['2026-12-25T12:00:00+01:00', 'closed'],
])('the site is at %s %s', (time, opening) => {
  const settings = v.parse(FraudSettings, { holidays: ['12-25'] })
  expect(openingAt(at(time), 'Europe/Paris', settings)).toBe(opening)
})

describe('suspects', () => {
  test('the third call at night to a country of fraud, once in an hour, and again after it', () => {
    const { suspicions } = run(times(night, 20, 300).map((one) => ({ ...one, end: one.start + 200 })))
    expect(suspicions.map(({ calls }) => calls)).toEqual([3, expect.any(Number)])
    expect(suspicions[0]).toMatchObject({
      extension: '60',
      reasons: ['new-destination', 'high-risk', 'out-of-hours'],
      call: 'c2',
      number: '+5352212345',
      countries: ['CU'],
      at: night + 600,
    })
  })
  test.each<[string, readonly (Partial<OutsideCall> & { start: number })[], string]>([
    ['premium numbers at night', times(night, 3, 200).map((one) => ({ ...one, dialled: '00899123456' })), 'premium'],
    ['calls at once by day', times(day, 3, 5).map((one, n) => ({ ...one, dialled: `00049301234567${n}` })), 'at-once'],
    ['a satellite phone', times(day, 3, 200).map((one, n) => ({ ...one, dialled: `00088161234567${n}` })), 'satellite'],
    [
      'forwarded calls',
      times(night, 3, 5).map((one) => ({ ...one, dialled: '0002526123456', isForwarded: true })),
      'forwarded',
    ],
    [
      'a number tried with many prefixes',
      ['000', '900', '9011'].map((prefix, n) => ({
        start: night + n * 9,
        dialled: `${prefix}493012345678`,
        end: night + n * 9 + 1,
      })),
      'prefixes-tried',
    ],
    [
      'one call of each of several extensions',
      times(night, 3, 90).map((one, n) => ({ ...one, extension: `${60 + n}` })),
      'several-extensions',
    ],
    ['slow calls at night', times(night, 3, 4000), 'out-of-hours'],
  ])('%s at the third call', (_, calls, reason) => {
    const { suspicions } = run(calls)
    expect(suspicions.map(({ call }) => call)).toEqual(['c2'])
    expect(suspicions[0]?.reasons).toContain(reason)
  })
  test('a long expensive call while it goes on, and its cost', () => {
    const call = { start: night, answer: night }
    const { state, suspicions } = run([call])
    expect(suspicions).toEqual([])
    const context: FraudContext = {
      site: 'office',
      numbering: france,
      zone: 'Europe/Paris',
      settings: v.parse(FraudSettings, {}),
      now: night + 119 * 60,
    }
    const [seen] = state.calls
    if (!seen) throw new Error('no call')
    expect(judgeAgain(state, seen, context).suspicion).toBeUndefined()
    const late = judgeAgain(state, seen, { ...context, now: night + 121 * 60 })
    expect(late.suspicion).toMatchObject({ reasons: expect.arrayContaining(['long']), cost: 96.8 })
    const cheap = judgeAgain(state, seen, { ...context, settings: { ...context.settings, maxCost: 10 } })
    expect(cheap.suspicion).toMatchObject({ reasons: expect.arrayContaining(['cost']) })
  })
})

describe('does not suspect', () => {
  test.each<[string, readonly (Partial<OutsideCall> & { start: number })[], Partial<FraudSettings>]>([
    [
      'redialling a new supplier by day',
      times(day, 6, 60).map((one) => ({ ...one, dialled: '000216711234567'.slice(0, 14), end: one.start + 40 })),
      {},
    ],
    [
      'many new customers of one country by day',
      times(day, 30, 120).map((one, n) => ({ ...one, dialled: `0003902123456${10 + n}`, end: one.start + 60 })),
      {},
    ],
    [
      'national calls, however many',
      times(night, 200, 1).map((one, n) => ({ ...one, dialled: `001441234${10 + n}`.slice(0, 11) })),
      {},
    ],
    ['an allowed country', times(night, 9, 5), { allowedCountries: ['CU'] }],
    ['an exempt extension', times(night, 9, 5), { exempt: ['50-69'] }],
    ['anything when the watch is off', times(night, 9, 5), { watch: false }],
    ['two calls', times(night, 2, 5), {}],
  ])('%s', (_, calls, settings) => {
    expect(run(calls, settings).suspicions).toEqual([])
  })
  test('calls to a country that is called by day, by day', () => {
    const { state } = run(times(day - 7 * 86_400, 1, 0))
    expect(run(times(day, 10, 5), {}, state).suspicions).toEqual([])
    expect(run(times(day, 10, 5)).suspicions).not.toEqual([])
  })
})

test('an attack teaches nothing', () => {
  const attacked = run(times(day, 10, 5)).state
  expect(attacked.known).toEqual({})
})

test('a call is weighed once, whatever comes of it, and old calls teach only', () => {
  const call = { start: night, call: 'x', dialled: '0005352123456' }
  const { state, suspicions } = run([
    call,
    call,
    { ...call, answer: night + 5 },
    { ...call, answer: night + 5, end: night + 60 },
  ])
  expect(suspicions).toEqual([])
  expect(state.calls).toHaveLength(1)
  expect(state.calls[0]).toMatchObject({ answer: night + 5, end: night + 60 })
  const context: FraudContext = {
    site: 'office',
    numbering: france,
    zone: 'Europe/Paris',
    settings: v.parse(FraudSettings, {}),
    now: day + 2 * 86_400,
  }
  const late = { call: 'y', extension: '60', dialled: '0005352123456', isForwarded: false, start: day }
  const taught = judge(emptyState, late, context).state
  expect(taught.calls).toEqual([])
  expect(Object.keys(taught.known)).toEqual(['CU'])
})

test('the state of a site is bounded and holds no number', () => {
  const many = Array.from({ length: 900 }, (_, n) => ({
    start: day + n * 30,
    extension: String(n),
    dialled: `00053521${String(n).padStart(5, '0')}`,
  }))
  const { state } = run(many)
  expect(JSON.stringify(state).length).toBeLessThan(120_000)
  expect(JSON.stringify(state)).not.toContain('53521')
})

test('live facts and call records show the same calls to the outside', () => {
  const fact = callFact('office', [1, 1], '1.1', 'ringing', '2026-11-24T09:00:00.000Z').data
  const provider = { number: '+5352123456', name: '', endpoint: 'PJSIP/provider' }
  expect(outsideOfFact({ ...fact, dialled: '0005352123456', callees: [] }, france)).toMatchObject([
    { call: '1.1', extension: '60', dialled: '0005352123456', isForwarded: false },
  ])
  const inbound = { number: '0144556677', name: '', endpoint: 'PJSIP/provider' }
  expect(outsideOfFact({ ...fact, caller: inbound, dialled: '61', callees: [provider] }, france)).toMatchObject([
    { extension: '61', dialled: '+5352123456', isForwarded: true },
  ])
  expect(outsideOfFact({ ...fact, dialled: '61', callees: [provider] }, france)).toMatchObject([
    { extension: '61', isForwarded: true },
  ])
  expect(outsideOfFact({ ...fact, caller: inbound, dialled: '61' }, france)).toEqual([])
  const cdr = makeCdr(1)
  const out = {
    ...cdr,
    src: '60',
    dst: '0005352123456',
    channel: 'PJSIP/60-00000001',
    dstchannel: 'PJSIP/provider-00000002',
  }
  expect(outsideOfCdr(out, france)).toMatchObject([{ extension: '60', dialled: '0005352123456', isForwarded: false }])
  const forwarded = {
    ...out,
    src: '0144556677',
    dst: '61',
    channel: 'PJSIP/provider-00000001',
    lastapp: 'Dial',
    lastdata: 'PJSIP/005352123456@provider,30',
  }
  expect(
    outsideOfCdr(forwarded, {
      ...france,
      lines: { trunks: new Set(['PJSIP/provider']), ranges: [], numbers: new Map() },
    }),
  ).toMatchObject([{ extension: '61', dialled: '005352123456', isForwarded: true }])
})

test('a change of the settings refuses what no site can mean', () => {
  const refused: unknown[] = [
    { hours: [{ days: ['mon'], from: '18:00', to: '08:00' }] },
    { hours: [{ days: [], from: '08:00', to: '18:00' }] },
    { hours: [{ days: ['mon'], from: '8:00', to: '18:00' }] },
    { holidays: ['13-01'] },
    { allowedCountries: ['fr'] },
    { exempt: ['sixty'] },
    { maxCost: 0 },
    { prices: { '53': 1 } },
    { prices: { '+53': -1 } },
    { hour: [] },
  ]
  for (const change of refused) expect(v.safeParse(FraudChange, change).success, JSON.stringify(change)).toBe(false)
  expect(v.safeParse(FraudChange, { hours: [], prices: { '+53': 0.9 }, maxAtOnce: 4 }).success).toBe(true)
})
