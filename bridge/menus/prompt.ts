import { type Honour, honours } from '../../contracts/grades.ts'
import { type Language, sayDigits, sayHonour, sayNumber } from '../../contracts/spoken-mark.ts'
import type { Fields } from './engine.ts'
import type { Menu, Part } from './menu.ts'

/**
 * The parts of a prompt with its fields said in words; what a field means is known by its name. Each field stands alone and
 * digits one by one, so that a sound that is kept is one of few words and never a person's whole sentence.
 */
export function fillPrompt(menu: Menu, prompt: string, fields: Fields): Part[] {
  const { language } = menu
  return (menu.prompts[prompt]?.[language] ?? []).flatMap((part): Part[] =>
    'sound' in part
      ? [part]
      : part.text
          .split(/(\{[^}]*\})/)
          .flatMap((piece) => (piece.startsWith('{') ? sayField(piece.slice(1, -1), fields, language) : [piece.trim()]))
          .filter((text) => /[\p{L}\d]/u.test(text))
          .map((text) => ({ text })),
  )
}

function sayField(field: string, fields: Fields, language: Language): string[] {
  const value = fields[field] ?? ''
  if (field === 'note') return [sayNumber(Number(value), language)]
  if (field === 'mention') return isHonour(value) ? [sayHonour(value, language)] : []
  return [...value].map((digit) => sayDigits(digit, language))
}

function isHonour(text: string): text is Honour {
  return honours.some((honour) => honour === text)
}
