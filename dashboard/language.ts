import en from './languages/en.json' with { type: 'json' }
import fr from './languages/fr.json' with { type: 'json' }

export const languages = ['en', 'fr'] as const
export type Language = (typeof languages)[number]
/** Name of a text of the page. `dashboard/languages/` has each text once a language. */
export type TextKey = keyof typeof en
type PluralStem = { [Key in TextKey]: Key extends `${infer Stem}.one` ? Stem : never }[TextKey]
export type TextValues = Readonly<Record<string, string | number>>

export const dictionaries: Readonly<Record<Language, Readonly<Record<TextKey, string>>>> = { en, fr }
/** Formats of dates and numbers: 24 hours in both languages, as telephone systems show them. */
const locales: Readonly<Record<Language, string>> = { en: 'en-GB', fr: 'fr-FR' }

const stored = 'switchhook.language'
let current: Language = 'en'
const listeners = new Set<() => void>()

export function currentLanguage(): Language {
  return current
}

export function currentLocale(): string {
  return locales[current]
}

/** Returns the language that a person chose, or else the first of the browser's languages that the page speaks. */
export function preferredLanguage(chosen: string | null, preferences: readonly string[]): Language {
  const wanted = [chosen ?? '', ...preferences].map((tag) => tag.slice(0, 2).toLowerCase())
  return wanted.flatMap((tag) => languages.find((language) => language === tag) ?? [])[0] ?? 'en'
}

/** Uses the stored or the browser's language. Call it once, before the first text. */
export function startLanguage(): void {
  setLanguage(preferredLanguage(localStorage.getItem(stored), navigator.languages))
}

export function chooseLanguage(language: Language): void {
  localStorage.setItem(stored, language)
  setLanguage(language)
}

export function setLanguage(language: Language): void {
  current = language
  if (typeof document !== 'undefined') document.documentElement.lang = language
  for (const listener of listeners) listener()
}

/** Calls the listener at each change of the language, until the returned function is called. */
export function onLanguage(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

/** Returns a text in the current language, with `{name}` replaced by the value of that name. */
export function t(key: TextKey, values: TextValues = {}): string {
  return dictionaries[current][key].replace(/\{(\w+)\}/g, (hole, name: string) => String(values[name] ?? hole))
}

/** Returns the singular or the plural text, `STEM.one` or `STEM.other`, with the count as `{count}`. */
export function plural(stem: PluralStem, count: number, values: TextValues = {}): string {
  const form = new Intl.PluralRules(locales[current]).select(count) === 'one' ? 'one' : 'other'
  return t(`${stem}.${form}` as TextKey, { count: number(count), ...values })
}

export function number(value: number, options?: Intl.NumberFormatOptions): string {
  return new Intl.NumberFormat(locales[current], options).format(value)
}
