/** Whether a pattern of the dial plan takes a number. Patterns begin with `_`; a caller ID after `/` is left out. */
export function takesNumber(pattern: string, number: string): boolean {
  const [plain = ''] = pattern.split('/')
  if (!plain.startsWith('_')) return plain.replaceAll('-', '') === number
  const source = plain.slice(1).replace(/\[[^\]]*\]|./g, (sign) => {
    if (sign === 'X' || sign === 'x') return '[0-9]'
    if (sign === 'Z' || sign === 'z') return '[1-9]'
    if (sign === 'N' || sign === 'n') return '[2-9]'
    if (sign === '.') return '.+'
    if (sign === '!') return '.*'
    if (sign === '-' || sign === ' ') return ''
    return sign.startsWith('[') ? sign : sign.replace(/[\\^$*+?()|{}[\]/]/g, '\\$&')
  })
  try {
    return new RegExp(`^${source}$`).test(number)
  } catch {
    // A set that Asterisk would not take either.
    return false
  }
}

/** Whether the length of a pattern is open: it ends with `.` or `!`. */
export const isOpenEnded = (pattern: string) => /^_.*[.!]$/.test(pattern.split('/')[0] ?? '')

/** Premium and satellite numbers as they are dialled, of some countries; each is a real range of its numbering plan. */
export const premiumNumbers: readonly { country: string; number: string }[] = [
  { country: 'France', number: '0899123456' },
  { country: 'France', number: '0891123456' },
  { country: 'Belgium', number: '090312345' },
  { country: 'Switzerland', number: '0906123456' },
  { country: 'Germany', number: '09001123456' },
  { country: 'the United Kingdom', number: '09061234567' },
]
/** Satellite numbers, and one of a country that fraud uses. */
export const costlyNumbers: readonly string[] = ['00881612345678', '01188213123456', '0037127912345']
/** What sites dial before an outside number. */
export const outsidePrefixes: readonly string[] = ['', '0', '9', '90']
