import { withoutAccents } from '../accents.ts'

/**
 * Spellings of a number in CDRs and SIP: URIs (RFC 3261, RFC 3966), parameters, digits dialled after the answer, codes
 * that hide the caller. `kind` is `hidden` where the text says that the caller shows no number.
 */
export interface Spelling {
  kind: 'number' | 'hidden' | 'name'
  /** Digits with an optional + for a number; empty for a hidden one; the trimmed text for a name. */
  number: string
}

/** Longer than any extension and shorter than any telephone number that a country routes from outside. */
export const extensionDigitsMax = 6

/** Digits alone: a service code such as `*98` is nobody's line. */
export function isExtensionNumber(number: string): boolean {
  return /^\d+$/.test(number) && number.length <= extensionDigitsMax
}

/** What carriers, phones and PBXs write where a caller hides; compared in lower case without accents. */
const hiddenNames = new Set([
  '',
  '+',
  'anoniem',
  'anonimo',
  'anonym',
  'anonyme',
  'anonymous',
  'appel masque',
  'asterisk',
  'blocked',
  'caller id blocked',
  'caller id unavailable',
  'caller id withheld',
  'desconhecido',
  'desconocido',
  'geheim',
  'hidden',
  'id unavailable',
  'id withheld',
  'inconnu',
  'invalid',
  'masque',
  'no caller id',
  'no number',
  'none',
  'not available',
  'null',
  'number unavailable',
  'number withheld',
  'numero anonyme',
  'numero cache',
  'numero desconocido',
  'numero inconnu',
  'numero masque',
  'numero oculto',
  'numero privado',
  'numero privato',
  'numero prive',
  'numero sconosciuto',
  'nummer unterdruckt',
  'o',
  'oculto',
  'onbekend',
  'out of area',
  'p',
  'privado',
  'privat',
  'private',
  'private caller',
  'private number',
  'prive',
  'prive nummer',
  'restricted',
  'rufnummer unterdruckt',
  'sconosciuto',
  'unavailable',
  'unbekannt',
  'unidentified',
  'unknown',
  'unknown caller',
  'unknown name',
  'unknown number',
  'unterdruckt',
  'withheld',
  // `anonymous` on a telephone keypad, as gateways of the United States send it.
  '266696687',
])
/** RFC 3323: the host of a caller who hides, whatever its user part. */
const hiddenHost = /@(?:anonymous|unknown)\.invalid\b/i
const decoration = /[\s().\-/\u00a0\u2010-\u2015]/g
/** Codes that hide or show the caller for one call: ETSI (#31#, *31#), North America (*67, *82), United Kingdom (141). */
const callerCode = /^(?:#31#|\*31#|\*67|\*82)(?=\+?\d{6,})/
/** Digits that the phone sends after the answer: pauses, a star between two numbers, an extension behind a number. */
const afterAnswer = /(?:[,;wWpP][\d,;wWpP*#]*|(?<=^\+?\d{6,})(?:\*|x|ext|extn|extension|poste)\d+)$/i
/** RFC 3966: the country, or country and area, that a local number belongs to. */
const phoneContext = /;phone-context=(\+\d{1,7})(?:;|$)/i

export function plainNumber(text: string): Spelling {
  const trimmed = unwrapped(text)
  if (isHidden(trimmed) || hiddenHost.test(trimmed)) return { kind: 'hidden', number: '' }
  const user = userPart(trimmed)
  if (isHidden(user)) return { kind: 'hidden', number: '' }
  const digits = asciiDigits(user)
    .replace(decoration, '')
    .replace(callerCode, '')
    .replace(/^\++(?=\d)/, '+')
  const bare = /^[+\d*#]/.test(digits) ? digits.replace(afterAnswer, '') : digits
  if (!/^\+?[0-9*#]+$/.test(bare)) return { kind: 'name', number: user }
  const context = /^\d{7,}$/.test(bare) ? phoneContext.exec(trimmed)?.[1] : undefined
  return { kind: 'number', number: `${context ?? ''}${bare}` }
}

/** Without quotes around it, and without the name and the parameters of a SIP header: `"Jean" <sip:60@host>;tag=a`. */
function unwrapped(text: string): string {
  return text
    .trim()
    .replace(/^[^<>]*<([^<>]*)>[^<>]*$/, '$1')
    .replace(/^"(.*)"$/, '$1')
    .trim()
}

/** `sip:+33612345678@host;user=phone` and `60@internes` are their user part; `tel:` numbers lose their parameters. */
function userPart(text: string): string {
  const bare = text.replace(/^(sips?|tel):/i, '').replace(/[;?].*$/, '')
  const user = /^([^@]+)@[^@]*$/.exec(bare)?.[1] ?? bare
  return /%[0-9a-f]{2}/i.test(user) ? unescaped(user) : user
}

function unescaped(text: string): string {
  return text.replace(/%([0-7][0-9a-f])/gi, (_all, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
}

function isHidden(text: string): boolean {
  const plain = withoutAccents(text)
    .toLowerCase()
    .replace(/^\+(?=\D)/, '')
    .replace(/[\s_-]+/g, ' ')
    .trim()
  return hiddenNames.has(plain)
}

/** Arabic-Indic, Devanagari and other decimal digits of Unicode as ASCII. */
export function asciiDigits(text: string): string {
  if (/^\p{ASCII}*$/u.test(text)) return text
  return text.replace(/\p{Nd}/gu, (digit) => {
    const code = digit.codePointAt(0) ?? 0
    if (code < 0x80) return digit
    // Unicode keeps each script's ten digits together, 0 first, at a code that ends in 0 or 6.
    let zero = code
    while (code - zero < 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero -= 1
    return String(code - zero)
  })
}
