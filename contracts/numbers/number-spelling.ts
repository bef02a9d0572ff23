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
  'anonymous',
  'anonyme',
  'asterisk',
  'blocked',
  'caller id blocked',
  'invalid',
  'masque',
  'no caller id',
  'no number',
  'none',
  'null',
  'numero inconnu',
  'numero masque',
  'numero prive',
  'o',
  'out of area',
  'p',
  'private',
  'private caller',
  'private number',
  'restricted',
  'unavailable',
  'unknown',
  'unknown caller',
  'withheld',
  // `anonymous` on a telephone keypad, as gateways of the United States send it.
  '266696687',
])
const decoration = /[\s().\-/\u00a0\u2010-\u2015]/g
/** Codes that hide or show the caller for one call: ETSI (#31#, *31#), North America (*67, *82), United Kingdom (141). */
const callerCode = /^(?:#31#|\*31#|\*67|\*82)(?=\+?\d{6,})/
/** Digits that the phone sends after the answer: pauses, or a star between two numbers. */
const afterAnswer = /(?:[,;wWpP][\d,;wWpP*#]*|(?<=^\+?\d{6,})\*\d+)$/

export function plainNumber(text: string): Spelling {
  const trimmed = unwrapped(text)
  if (isHidden(trimmed)) return { kind: 'hidden', number: '' }
  const user = userPart(trimmed)
  if (isHidden(user)) return { kind: 'hidden', number: '' }
  const digits = asciiDigits(user)
    .replace(decoration, '')
    .replace(callerCode, '')
    .replace(/^\++(?=\d)/, '+')
  const bare = /^[+\d*#]/.test(digits) ? digits.replace(afterAnswer, '') : digits
  return /^\+?[0-9*#]+$/.test(bare) ? { kind: 'number', number: bare } : { kind: 'name', number: user }
}

/** Without the angle brackets and quotes around it. */
function unwrapped(text: string): string {
  return text
    .trim()
    .replace(/^<(.*)>$/, '$1')
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
  const plain = text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
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
