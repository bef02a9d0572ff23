import { type Honour, honours } from '../../contracts/grades.ts'
import { type Language, sayDigits, sayHonour, sayNumber } from '../../contracts/spoken-mark.ts'
import type { Fields } from './engine.ts'
import type { Menu, Part } from './menu.ts'

/**
 * Returns the parts of a prompt with its fields in words. The field's name decides how it is spoken. Each field, and each
 * digit of a number, is a part of its own, so that no cached sound file holds a sentence about one person.
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
