/** Cells that a spreadsheet would run: OWASP, "CSV Injection". A quote before them makes them text. */
const formula = /^[=+\-@\t\r]/
/** Excel reads a file without it as of its own code page. */
export const byteOrderMark = '\ufeff'

/** One record as RFC 4180 has it, its line break included. Numbers are left alone; only text can be a formula. */
export function csvRecord(cells: readonly (string | number)[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`
}

function csvCell(cell: string | number): string {
  if (typeof cell === 'number') return String(cell)
  const safe = formula.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
