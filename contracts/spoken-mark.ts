import type { Honour } from './grades.ts'

/** Languages of the voice menus. */
export const languages = ['fr', 'en'] as const
export type Language = (typeof languages)[number]

const small = {
  fr: 'zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize',
  en: 'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen',
} as const
const words = { fr: small.fr.split(' '), en: small.en.split(' ') } as const
const tens = {
  fr: ['', 'dix', 'vingt', 'trente', 'quarante', 'cinquante', 'soixante', 'soixante', 'quatre-vingt', 'quatre-vingt'],
  en: ['', 'ten', 'twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety'],
} as const

/** Spells a whole number from 0 to 100 in French as the spelling reform of 1990 has it, with hyphens between all parts. */
function whole(n: number, language: Language): string {
  if (n === 100) return language === 'fr' ? 'cent' : 'one hundred'
  const word = words[language][n]
  if (word !== undefined) return word
  const ten = tens[language][Math.floor(n / 10)] ?? ''
  if (language === 'en') return n % 10 === 0 ? ten : `${ten}-${words.en[n % 10]}`
  return wholeFrench(n, ten)
}

/** Spells numbers from 17 on. 70 to 79 and 90 to 99 continue the ten below; `et` precedes `un` and `onze`, except after quatre-vingt. */
function wholeFrench(n: number, ten: string): string {
  const isVigesimal = n >= 70 && n < 80 ? 10 : n >= 90 ? 10 : 0
  const rest = (n % 10) + isVigesimal
  if (rest === 0) return n === 80 ? 'quatre-vingts' : ten
  if (n < 80 && n > 20 && (rest === 1 || rest === 11)) return `${ten}-et-${whole(rest, 'fr')}`
  return `${ten}-${whole(rest, 'fr')}`
}

/**
 * Spells a mark from 0 to 100 with up to two decimals. In French a half after at least one is `et demi`, and other decimals are
 * read as one number with its leading zeros; in English they are read digit by digit.
 */
export function sayNumber(note: number, language: Language): string {
  const hundredths = Math.round(note * 100)
  const [units, part] = [Math.floor(hundredths / 100), hundredths % 100]
  const said = whole(units, language)
  if (part === 0) return said
  if (part === 50 && units > 0) return language === 'fr' ? `${said} et demi` : `${said} and a half`
  const digits = String(part).padStart(2, '0').replace(/0$/, '')
  if (language === 'en') return `${said} point ${sayDigits(digits, 'en')}`
  return digits.startsWith('0')
    ? `${said} virgule ${sayDigits(digits, 'fr')}`
    : `${said} virgule ${whole(Number(digits), 'fr')}`
}

/** Spells a student or telephone number digit by digit. */
export function sayDigits(digits: string, language: Language): string {
  return [...digits].map((digit) => words[language][Number(digit)]).join(' ')
}

const honourWords: Record<Honour, Record<Language, string>> = {
  échec: { fr: 'échec', en: 'failed' },
  passable: { fr: 'mention passable', en: 'honours: pass' },
  'assez bien': { fr: 'mention assez bien', en: 'honours: fairly good' },
  bien: { fr: 'mention bien', en: 'honours: good' },
  'très bien': { fr: 'mention très bien', en: 'honours: very good' },
}

export function sayHonour(honour: Honour, language: Language): string {
  return honourWords[honour][language]
}

/** Returns the sentence in which a caller hears a mark; the page shows the same. */
export function sayGrade(grade: { matricule: string; note: number; mention: Honour }, language: Language): string {
  const digits = sayDigits(grade.matricule, language)
  const mark = sayNumber(grade.note, language)
  const honour = sayHonour(grade.mention, language)
  return language === 'fr'
    ? `Étudiant ${digits}. Votre note : ${mark}. ${honour}.`
    : `Student ${digits}. Your mark: ${mark}. ${honour}.`
}
