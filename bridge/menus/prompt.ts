import { type Honour, honours } from '../../contracts/grades.ts'
import { type Language, sayDigits, sayHonour, sayNumber } from '../../contracts/spoken-mark.ts'
import type { Fields } from './engine.ts'
import type { Menu, Part } from './menu.ts'

/** The parts of a prompt with its fields said in words; what a field means is known by its name. */
export function fillPrompt(menu: Menu, prompt: string, fields: Fields): Part[] {
  const { language } = menu
  return (menu.prompts[prompt]?.[language] ?? []).map((part) =>
    'sound' in part
      ? part
      : {
          text: part.text.replace(/\{([^}]*)\}/g, (_, field: string) => sayField(field, fields[field] ?? '', language)),
        },
  )
}

function sayField(field: string, value: string, language: Language): string {
  if (field === 'note') return sayNumber(Number(value), language)
  if (field === 'mention') return isHonour(value) ? sayHonour(value, language) : value
  return sayDigits(value, language)
}

function isHonour(text: string): text is Honour {
  return honours.some((honour) => honour === text)
}
