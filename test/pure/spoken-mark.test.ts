import * as v from 'valibot'
import { expect, test } from 'vitest'
import { Grade, honourOf, honours, Scale, usualScale } from '../../contracts/grades.ts'
import { sayGrade, sayNumber } from '../../contracts/spoken-mark.ts'

/** Written by hand: the words of the marks 0, 0.25, 0.5, 0.75, 1 ... 20. */
const french = `zéro | zéro virgule vingt-cinq | zéro virgule cinq | zéro virgule soixante-quinze
un | un virgule vingt-cinq | un et demi | un virgule soixante-quinze
deux | deux virgule vingt-cinq | deux et demi | deux virgule soixante-quinze
trois | trois virgule vingt-cinq | trois et demi | trois virgule soixante-quinze
quatre | quatre virgule vingt-cinq | quatre et demi | quatre virgule soixante-quinze
cinq | cinq virgule vingt-cinq | cinq et demi | cinq virgule soixante-quinze
six | six virgule vingt-cinq | six et demi | six virgule soixante-quinze
sept | sept virgule vingt-cinq | sept et demi | sept virgule soixante-quinze
huit | huit virgule vingt-cinq | huit et demi | huit virgule soixante-quinze
neuf | neuf virgule vingt-cinq | neuf et demi | neuf virgule soixante-quinze
dix | dix virgule vingt-cinq | dix et demi | dix virgule soixante-quinze
onze | onze virgule vingt-cinq | onze et demi | onze virgule soixante-quinze
douze | douze virgule vingt-cinq | douze et demi | douze virgule soixante-quinze
treize | treize virgule vingt-cinq | treize et demi | treize virgule soixante-quinze
quatorze | quatorze virgule vingt-cinq | quatorze et demi | quatorze virgule soixante-quinze
quinze | quinze virgule vingt-cinq | quinze et demi | quinze virgule soixante-quinze
seize | seize virgule vingt-cinq | seize et demi | seize virgule soixante-quinze
dix-sept | dix-sept virgule vingt-cinq | dix-sept et demi | dix-sept virgule soixante-quinze
dix-huit | dix-huit virgule vingt-cinq | dix-huit et demi | dix-huit virgule soixante-quinze
dix-neuf | dix-neuf virgule vingt-cinq | dix-neuf et demi | dix-neuf virgule soixante-quinze
vingt`
const english = `zero | zero point two five | zero point five | zero point seven five
one | one point two five | one and a half | one point seven five
two | two point two five | two and a half | two point seven five
three | three point two five | three and a half | three point seven five
four | four point two five | four and a half | four point seven five
five | five point two five | five and a half | five point seven five
six | six point two five | six and a half | six point seven five
seven | seven point two five | seven and a half | seven point seven five
eight | eight point two five | eight and a half | eight point seven five
nine | nine point two five | nine and a half | nine point seven five
ten | ten point two five | ten and a half | ten point seven five
eleven | eleven point two five | eleven and a half | eleven point seven five
twelve | twelve point two five | twelve and a half | twelve point seven five
thirteen | thirteen point two five | thirteen and a half | thirteen point seven five
fourteen | fourteen point two five | fourteen and a half | fourteen point seven five
fifteen | fifteen point two five | fifteen and a half | fifteen point seven five
sixteen | sixteen point two five | sixteen and a half | sixteen point seven five
seventeen | seventeen point two five | seventeen and a half | seventeen point seven five
eighteen | eighteen point two five | eighteen and a half | eighteen point seven five
nineteen | nineteen point two five | nineteen and a half | nineteen point seven five
twenty`
const table = (text: string) => text.split(/ \| |\n/)
const marks = Array.from({ length: 81 }, (_, n) => n / 4)

test('sayNumber returns the words of the hand-written tables for every mark from 0 to 20 in steps of 0.25', () => {
  expect(marks.map((mark) => sayNumber(mark, 'fr'))).toEqual(table(french))
  expect(marks.map((mark) => sayNumber(mark, 'en'))).toEqual(table(english))
})

test.each([
  [21, 'vingt-et-un', 'twenty-one'],
  [60, 'soixante', 'sixty'],
  [70, 'soixante-dix', 'seventy'],
  [71, 'soixante-et-onze', 'seventy-one'],
  [77, 'soixante-dix-sept', 'seventy-seven'],
  [80, 'quatre-vingts', 'eighty'],
  [81, 'quatre-vingt-un', 'eighty-one'],
  [91, 'quatre-vingt-onze', 'ninety-one'],
  [99, 'quatre-vingt-dix-neuf', 'ninety-nine'],
  [100, 'cent', 'one hundred'],
  [15.05, 'quinze virgule zéro cinq', 'fifteen point zero five'],
  [15.1, 'quinze virgule un', 'fifteen point one'],
])('sayNumber of %d returns "%s" in French and "%s" in English', (mark, fr, en) => {
  expect([sayNumber(mark, 'fr'), sayNumber(mark, 'en')]).toEqual([fr, en])
})

test('sayGrade returns student number, mark and honours in both languages', () => {
  const grade = { matricule: '137', note: 15.25, mention: 'bien' as const }
  expect(sayGrade(grade, 'fr')).toBe('Étudiant un trois sept. Votre note : quinze virgule vingt-cinq. mention bien.')
  expect(sayGrade(grade, 'en')).toBe('Student one three seven. Your mark: fifteen point two five. honours: good.')
})

test('with the usual scale, honourOf returns each honour from its threshold up to the next one', () => {
  const edges = [0, 9.99, 10, 11.99, 12, 13.99, 14, 15.99, 16, 20].map((note) => honourOf(note, usualScale))
  expect(edges).toEqual(honours.flatMap((honour) => [honour, honour]))
})

test('rejects a scale that does not start at 0, does not rise, repeats an honour or exceeds its maximum', () => {
  const thresholds = usualScale.thresholds
  const wrong = [
    { max: 20, thresholds: thresholds.slice(1) },
    { max: 20, thresholds: [...thresholds].reverse() },
    { max: 20, thresholds: [thresholds[0], { from: 10, mention: 'échec' }] },
    { max: 12, thresholds },
    { max: 0, thresholds },
    { max: 20, thresholds: [] },
  ]
  expect(v.is(Scale, usualScale)).toBe(true)
  for (const scale of wrong) expect(v.is(Scale, scale), JSON.stringify(scale)).toBe(false)
})

test('rejects a mark that is not a number with two decimals, and a matricule that is not 3 to 12 digits', () => {
  const grade = { matricule: '137', note: 15.25, mention: 'bien', updatedAt: '2026-11-24T08:00:00.000Z' }
  expect(v.is(Grade, grade)).toBe(true)
  for (const note of [Number.NaN, Number.POSITIVE_INFINITY, '15', 15.255, null])
    expect(v.is(Grade, { ...grade, note })).toBe(false)
  for (const matricule of ['13', '1234567890123', 137, '13a', '１３７', '137\n'])
    expect(v.is(Grade, { ...grade, matricule }), String(matricule)).toBe(false)
})
