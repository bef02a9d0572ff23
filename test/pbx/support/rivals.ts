import { honours } from '../../../contracts/grades.ts'
import { type Language, sayHonour, sayNumber } from '../../../contracts/spoken-mark.ts'

/** Every mark to the quarter. */
const quarters = Array.from({ length: 81 }, (_, n) => n / 4)

/** What might be said in place of a field's words: marks that differ in one number, or the other honours. */
export function rivalsOf(text: string, language: Language): string[] {
  const said = honours.map((honour) => sayHonour(honour, language))
  if (said.includes(text)) return said.filter((one) => one !== text)
  const mark = quarters.find((one) => sayNumber(one, language) === text)
  if (mark === undefined) return []
  return quarters
    .filter((one) => one !== mark && (Math.floor(one) === Math.floor(mark) || Math.abs(one - mark) === 1))
    .map((one) => sayNumber(one, language))
}
