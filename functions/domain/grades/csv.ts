/** A field's text: a mebibyte would be an attack or a mistake, and a quote that never closes makes one. */
const fieldCharsMax = 1000

/**
 * Rows of a CSV text (RFC 4180), separated by commas, or by semicolons where the heading has one, as spreadsheets write it
 * in countries whose decimals have a comma. Undefined if a quote never closes or a field has no end.
 */
export function readCsv(text: string): string[][] | undefined {
  const content = text.replace(/^\uFEFF/, '')
  const separator = (/^[^\r\n]*/.exec(content)?.[0] ?? '').includes(';') ? ';' : ','
  const field = new RegExp(
    `"((?:[^"]|"")*)"(${separator}|\\r?\\n|$)|([^"${separator}\\r\\n]*)(${separator}|\\r?\\n|$)`,
    'y',
  )
  const rows: string[][] = []
  let row: string[] = []
  // One field a turn; each takes a character at least, so the turns are at most the text's length.
  while (field.lastIndex < content.length) {
    const match = field.exec(content)
    if (!match) return undefined
    const [, quoted, endQuoted, bare, endBare] = match
    const value = quoted === undefined ? (bare ?? '') : quoted.replaceAll('""', '"')
    if (value.length > fieldCharsMax) return undefined
    const end = endQuoted ?? endBare ?? ''
    row.push(value.trim())
    if (end !== separator) {
      rows.push(row)
      row = []
    } else if (field.lastIndex === content.length) {
      rows.push([...row, ''])
      row = []
    }
  }
  return rows.filter((cells) => cells.some((cell) => cell !== ''))
}
