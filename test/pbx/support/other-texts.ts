import { honours } from '../../../contracts/grades.ts'
import { type Language, sayDigits, sayHonour, sayNumber } from '../../../contracts/spoken-mark.ts'

/** Every mark to the quarter. */
const quarters = Array.from({ length: 81 }, (_, n) => n / 4)

/**
 * Returns what a menu may say in the place of the text of a field: the other honours, the marks that differ in one number,
 * or the other digits. Empty for any other text. Marks and honours share words with each other, digits do not.
 */
export function otherTexts(text: string, language: Language): { texts: string[]; areAlike: boolean } {
  const spoken = honours.map((honour) => sayHonour(honour, language))
  const digits = [...'0123456789'].map((digit) => sayDigits(digit, language))
  const except = (all: string[]) => all.filter((one) => one !== text)
  if (spoken.includes(text)) return { texts: except(spoken), areAlike: true }
  if (digits.includes(text)) return { texts: except(digits), areAlike: false }
  const mark = quarters.find((one) => sayNumber(one, language) === text)
  if (mark === undefined) return { texts: [], areAlike: false }
  const near = quarters.filter((one) => Math.floor(one) === Math.floor(mark) || Math.abs(one - mark) === 1)
  return { texts: except(near.map((one) => sayNumber(one, language))), areAlike: true }
}
