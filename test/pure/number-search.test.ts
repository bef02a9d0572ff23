import { expect, test } from 'vitest'
import { numberSearch } from '../../contracts/numbers/number-search.ts'
import type { Numbering } from '../../functions/domain/phone-number.ts'

/** Goal: an erased number is found in every spelling and place, and no other number is. */
const france: Numbering = { country: 'FR', outsidePrefix: '0' }
const search = numberSearch('0612345678', france)

const spellings = [
  '0612345678',
  '06 12 34 56 78',
  '06.12.34.56.78',
  '06-12-34-56-78',
  '06\u202f12\u202f34\u202f56\u202f78',
  '+33612345678',
  '+33 6 12 34 56 78',
  '+33 (0)6 12 34 56 78',
  '(+33)612345678',
  '0033612345678',
  '33612345678',
  '612345678',
  '00612345678',
  '90612345678',
  '+612345678',
  '00033612345678',
  '٠٦١٢٣٤٥٦٧٨',
]
const places = [
  (number: string) => number,
  (number: string) => `"Anna" <${number}>`,
  (number: string) => `PJSIP/${number}-0000001a`,
  (number: string) => `Local/${number}@from-internal-00000002;1`,
  (number: string) => `PJSIP/${number}@provider,30,tT`,
  (number: string) => `sip:${number}@203.0.113.7:5060;user=phone`,
  (number: string) => `out-${number}-1002-20261130-134932-1796046572.18.wav`,
  (number: string) => `20261130-134932-1002-${number}.mp3`,
  (number: string) => `${number},,1234#`,
  (number: string) => `{"to":"${number}","n":1}`,
  (number: string) => `call?to=${encodeURIComponent(number)}&from=60`,
]

test.each(spellings)('finds a number that is written as %s, in a text of its own or within another', (spelling) => {
  for (const place of places) {
    const text = place(spelling)
    expect([text, search.holds(text), search.mayHold(JSON.stringify({ deep: [text] }))]).toEqual([text, true, true])
  }
})

test.each([
  '0612345679',
  '06123456789',
  '10612345678',
  '+49 30 612345678',
  '+4930612345678',
  '004930612345678',
  '+44 (30) 612345678',
  '1612345678.12',
  'pbx1-1612345678.12',
  'rec-1612345678.12.wav',
  '061234567',
  '2026-11-30T06:12:34+5678',
  '',
  'Anna',
])('does not find it in %j', (text) => {
  expect(search.holds(text)).toBe(false)
})

test('finds a number of Germany that has as many digits as a Unix time, and no uniqueid', () => {
  const german = numberSearch('+49 161 2345678', { country: 'DE' })
  for (const text of ['01612345678', 'SIP/01612345678-00000001', '+49 161 2345678'])
    expect(german.holds(text)).toBe(true)
  for (const text of ['1612345678.12', 'pbx-1612345678.3']) expect(german.holds(text)).toBe(false)
})

test('does not take a number of Luxembourg for one of France behind an outside prefix that the site does not have', () => {
  const french = numberSearch('+33352222345', { country: 'FR', outsidePrefix: '9' })
  expect(french.holds('+352 222 345')).toBe(false)
  expect(french.holds('90352222345')).toBe(true)
})

test('finds an extension only where it is the whole text', () => {
  const extension = numberSearch('60', france)
  expect(extension.isInTexts).toBe(false)
  expect(['60', ' 60 ', '<60>'].map((text) => extension.holds(text))).toEqual([true, true, true])
  expect(['160', 'PJSIP/60', '2026-11-30T13:60'].map((text) => extension.holds(text))).toEqual([false, false, false])
})

test.each(spellings)('replaces a number that is written as %s, and nothing beside it', (spelling) => {
  const by = '(erased)'
  for (const place of places) {
    const left = search.replaceIn(place(spelling), by)
    expect([left, search.holds(left), left.includes(by)]).toEqual([left, false, true])
  }
  expect(search.replaceIn(`"Anna" <${spelling}>, +49 30 612345678`, by)).toBe(`"Anna" <${by}>, +49 30 612345678`)
  expect(search.replaceIn(`PJSIP/${spelling}@provider-${spelling}-1796046572.18`, by)).toBe(
    `PJSIP/${by}@provider-${by}-1796046572.18`,
  )
})

test('leaves a text without the number as it is, also its digits of other scripts', () => {
  for (const text of ['٠٦١٢٣٤٥٦٧٩', '+4930612345678', 'rec-1612345678.12.wav', '']) {
    expect(search.replaceIn(text, '(erased)')).toBe(text)
  }
})

test.each([
  ['US', '+12125551234', '*672125551234'],
  ['US', '+12125551234', '*82 212 555 1234'],
  ['US', '+12125551234', 'PJSIP/*6712125551234@carrier'],
  ['US', '+12125551234', '11672125551234'],
  ['GB', '+442079460000', '14102079460000'],
  ['GB', '+442079460000', '147002079460000'],
  // With a prefix of outside before the code.
  ['GB', '+442079460000', '9141 020 7946 0000'],
  ['GB', '+442079460000', '0147000442079460000'],
  ['FR', '+33612345678', '03651 06 12 34 56 78'],
  ['FR', '+33612345678', '#31#0612345678'],
  ['FR', '+33612345678', '36510612345678'],
  ['AU', '+61291234567', '18310291234567'],
] as const)('finds a number of %s, %s, behind a code that hides or shows the caller: %s', (country, number, text) => {
  const one = numberSearch(number, { country })
  expect(one.holds(text)).toBe(true)
  expect(one.holds(one.replaceIn(text, '(erased)'))).toBe(false)
})
