/** Cells that a spreadsheet runs as a formula (OWASP, "CSV Injection"). An apostrophe before them makes them text. */
const formula = /^[=+\-@\t\r]/
/** Without it, Excel reads the file in the code page of the computer. */
export const byteOrderMark = '\ufeff'

/** Returns a record by RFC 4180, with its line break. Numbers are not changed, since only text can be a formula. */
export function csvRecord(cells: readonly (string | number)[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`
}

function csvCell(cell: string | number): string {
  if (typeof cell === 'number') return String(cell)
  const safe = formula.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
