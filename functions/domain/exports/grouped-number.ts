import { parsePhoneNumberFromString } from 'libphonenumber-js/min'
import type { Numbering } from '../phone-number.ts'

/** A spreadsheet shows such an extension unchanged, as text or as a number. */
const plainExtension = /^[1-9]\d{0,5}$/
/** Groups that a French or English spreadsheet reads as the thousands of one number. */
const thousands = /^\d+( \d{3})+$/

/**
 * Returns a telephone number in groups, as it is dialled from the site's country: `06 12 34 56 78`, `00 32 470 12 34 56`. Excel
 * and LibreOffice read `0612345678` and `+33612345678` in a CSV file as quantities and drop the zero and the plus; groups stay
 * text without a quote before them. Extensions and texts that are no number are returned unchanged.
 */
export function groupedNumber(text: string, { country }: Numbering): string {
  if (!/^\+?\d+$/.test(text) || plainExtension.test(text)) return text
  const parsed = parsePhoneNumberFromString(text, country)
  const known = parsed?.isPossible()
    ? parsed.country === country
      ? parsed.formatNational()
      : parsed.format('IDD', { fromCountry: country })
    : undefined
  const groups = known?.replace(/\D+/g, ' ').trim() ?? ''
  if (groups.includes(' ') && !thousands.test(groups)) return groups
  return pairs(text.replace('+', '00'))
}

/** Returns a code, such as an account code, in pairs of digits if a spreadsheet would drop its zero; otherwise unchanged. */
export function groupedCode(text: string): string {
  return /^0\d+$/.test(text) ? pairs(text) : text
}

function pairs(digits: string): string {
  return digits.match(/\d{1,2}/g)?.join(' ') ?? digits
}
