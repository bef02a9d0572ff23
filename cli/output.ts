type Row = Record<string, unknown>

/** Prints the result of a command on standard output: JSON for programs, a table or lines for people. */
export function print(
  value: unknown,
  { json, columns = [] }: { json?: boolean | undefined; columns?: readonly string[] },
): void {
  if (json) console.log(JSON.stringify(value, null, 2))
  else if (isRows(value)) console.log(table(value, columns))
  else console.log(lines(value))
}

function isRows(value: unknown): value is Row[] {
  return Array.isArray(value)
}

function table(rows: readonly Row[], columns: readonly string[]): string {
  const cells = [columns, ...rows.map((row) => columns.map((column) => textOf(row[column])))]
  const widths = columns.map((_, n) => Math.max(...cells.map((row) => row[n]?.length ?? 0)))
  return cells
    .map((row) =>
      row
        .map((cell, n) => cell.padEnd(widths[n] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function lines(value: unknown): string {
  if (typeof value !== 'object' || value === null) return textOf(value)
  return Object.entries(value)
    .map(([name, one]) => `${name.padEnd(16)} ${textOf(one)}`)
    .join('\n')
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (Array.isArray(value)) return value.map(textOf).join(' ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
