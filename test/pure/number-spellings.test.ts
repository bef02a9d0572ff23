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
  '"Jean" <0612345678>',
  'Jean Martin <sip:+33612345678@192.0.2.1;user=phone>;tag=a1',
  '<tel:+33-6-12-34-56-78>',
  '+33 6 12 34 56 78 x12',
  '06 12 34 56 78 ext. 12',
  'tel:0612345678;ext=12',
  'tel:612345678;phone-context=+33',
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
  'Rufnummer unterdrückt',
  'Número oculto',
  'Sconosciuto',
  '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=9',
  'sip:c8oqz84zk7z@anonymous.invalid',
  '+anonymous',
  '"" <>',
  '266696687',
])('takes "%s" for a hidden number', (text) => {
  expect(canonicalNumber(text, france)).toBe('')
})

test.each([
  ['tel:2125550100;phone-context=+1', '+12125550100'],
  ['tel:20 7946 0000;phone-context=+44;ext=5', '+442079460000'],
  ['tel:3631;phone-context=+33', '3631'],
  ['60;phone-context=office.example', '60'],
])('reads %s in the country of its phone-context, as %s', (text, number) => {
  expect(canonicalNumber(text, france)).toBe(number)
})

test('an outside prefix before a number in international form is no part of it', () => {
  expect(canonicalDialled('0+33612345678', { ...france, outsidePrefix: '0' })).toBe('+33612345678')
  expect(canonicalDialled('9+442079460000', { ...france, outsidePrefix: '9' })).toBe('+442079460000')
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
