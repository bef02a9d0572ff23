import { CsvError, parse } from 'csv-parse/sync'

/** A longer field is a mistake or an attack. */
const fieldCharsMax = 1000

/**
 * Reads the rows of a CSV text (RFC 4180), without empty rows; cells are trimmed. The separator is a semicolon if the
 * heading has one: spreadsheets write it in countries whose decimals have a comma. Returns undefined if a quote is never
 * closed, stands inside a field, or a field is longer than 1,000 characters.
 */
export function readCsv(text: string): string[][] | undefined {
  const [heading = ''] = text.split(/\r?\n/, 1)
  try {
    const rows = parse(text, {
      bom: true,
      delimiter: heading.includes(';') ? ';' : ',',
      record_delimiter: ['\r\n', '\n'],
      relax_column_count: true,
      skip_records_with_empty_values: true,
    }).map((row) => row.map((cell) => cell.trim()))
    return rows.flat().some(({ length }) => length > fieldCharsMax) ? undefined : rows
  } catch (error) {
    if (error instanceof CsvError) return undefined
    throw error
  }
}
