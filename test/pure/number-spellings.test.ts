import { expect, test } from 'vitest'
import { canonicalDialled, canonicalNumber } from '../../functions/domain/phone-number.ts'
import { parseSearch } from '../../functions/http/search/search-query.ts'

const france = { country: 'FR' } as const

test.each([
  'sip:+33612345678@10.0.0.1',
  'tel:+33612345678',
  '+33612345678@sip.example.org',
  '33612345678',
  '0033 6 12 34 56 78',
  '+33 (0)6 12 34 56 78',
  '06.12.34.56.78',
  '0612345678;phone-context=+33',
  '0612345678,,123',
  '0612345678*123',
  '0612345678w1',
  '#31#0612345678',
  '*670612345678',
  '%2B33612345678',
  '++33612345678',
  '\u0660\u0666\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668',
])('reads the number %s as +33612345678', (text) => {
  expect(canonicalNumber(text, france)).toBe('+33612345678')
})

test.each([
  '',
  '+',
  'anonymous',
  '<unknown>',
  'anonymous@anonymous.invalid',
  'sip:anonymous@anonymous.invalid',
  'Restricted',
  'Unavailable',
  'private',
  'P',
  'O',
  'No Caller ID',
  'Numéro masqué',
  '266696687',
])('takes "%s" for a hidden number', (text) => {
  expect(canonicalNumber(text, france)).toBe('')
})

test.each(['3631', '112', '60', '*98', 's', '1001-web'])(
  'keeps %s, which is an extension or a short number, unchanged',
  (text) => {
    expect(canonicalNumber(text, france)).toBe(text)
  },
)

test.each([
  ['00612345678', '0', '+33612345678'],
  ['0033612345678', '0', '+33612345678'],
  ['000441632960961', '0', '+441632960961'],
  ['90612345678', '9', '+33612345678'],
  ['900441632960961', '9', '+441632960961'],
  ['0612345678', '9', '+33612345678'],
  ['0612345678', '0', '+33612345678'],
  ['61', '0', '61'],
  ['9112', '9', '9112'],
  ['00612345678', '', '+612345678'],
])('a phone that dials %s at a site with prefix "%s" calls %s', (text, outsidePrefix, number) => {
  expect(canonicalDialled(text, { ...france, outsidePrefix })).toBe(number)
})

test.each(['00612345678', '0612345678', '+33 6 12 34 56 78', '0033612345678', '33612345678', 'sip:+33612345678@host'])(
  'a search for %s finds calls to +33612345678',
  (called) => {
    for (const side of ['caller', 'called', 'party'] as const) {
      const { party } = parseSearch({ [side]: called }, { ...france, outsidePrefix: '0' }, Date.now())
      expect(party?.exact).toBe('+33612345678')
    }
  },
)

test.each([
  ['00612*', '0', '+33612'],
  ['9061*', '9', '+3361'],
  ['900441*', '9', '+441'],
  ['0612*', '9', '+33612'],
])('a search for %s at a site with outside prefix %s finds numbers from %s on', (called, outsidePrefix, first) => {
  const { party } = parseSearch({ called }, { ...france, outsidePrefix }, Date.now())
  expect(party?.prefixes).toContain(first)
})

test('a search by first digits behind the outside prefix finds no extension', () => {
  const { party } = parseSearch({ called: '0123*' }, { ...france, outsidePrefix: '0' }, Date.now())
  expect(party?.prefixes).not.toContain('123')
})
