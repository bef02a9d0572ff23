/** Country of the site: its national numbers are grouped as the country writes them. */
let country = 'FR'

export function showCountry(code: string): void {
  country = code
}

/**
 * Formats a number for people: French numbers in pairs (`06 12 48 90 33`, also from `+33612489033`), other international numbers in
 * groups behind the plus sign. A number of another form stays as it is. The groups are joined by no-break spaces.
 */
export function phoneNumber(text: string): string {
  const national = country === 'FR' ? text.replace(/^(\+33|0033)(?=[1-9]\d{8}$)/, '0') : text
  if (country === 'FR' && /^0[1-9]\d{8}$/.test(national)) return national.match(/\d\d/g)?.join('\u00a0') ?? text
  const [, code = '', rest = ''] =
    /^\+(1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|\d{3})(\d{6,12})$/.exec(text) ?? []
  if (code === '') return text
  return [`+${code}`, ...(rest.match(/\d{1,3}(?=(?:\d{3})*(?:\d{4})$)|\d{4}$/g) ?? [rest])].join('\u00a0')
}
