/** Without it, Excel reads the file in the code page of the computer. */
export const byteOrderMark = '\ufeff'

export type Separator = ',' | ';' | '\t'

/** A spreadsheet may ignore a tab or carriage return before a formula (OWASP, "CSV Injection"). */
const blankStart = /^(?=[\t\r])/
/**
 * A cell that a spreadsheet runs as a formula (OWASP, "CSV Injection"): an apostrophe before it makes it text. A program that
 * splits the file at another separator also sees cells after that one, and after line breaks, since it does not see the quotes.
 */
const formulas: Record<Separator, RegExp> = {
  ',': /(^|[;\t\r\n])(?=[=+\-@＝＋－＠])/g,
  ';': /(^|[,\t\r\n])(?=[=+\-@＝＋－＠])/g,
  '\t': /(^|[,;\r\n])(?=[=+\-@＝＋－＠])/g,
}
/** A number in E.164 begins like a formula and is none. */
const e164 = /^\+\d+$/

/** Returns a record by RFC 4180, with its line break. Numbers are not changed, since only text can be a formula. */
export function csvRecord(cells: readonly (string | number)[], separator: Separator = ','): string {
  return `${cells.map((cell) => csvCell(cell, separator)).join(separator)}\r\n`
}

function csvCell(cell: string | number, separator: Separator): string {
  if (typeof cell === 'number') return String(cell)
  const safe = e164.test(cell) ? cell : cell.replace(blankStart, "'").replace(formulas[separator], "$1'")
  return /[",;\t\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
