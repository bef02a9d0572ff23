/** Cuts one CSV record (RFC 4180) into its fields. A quoted field may hold commas, line breaks and doubled quotes. */
export function splitCsvRecord(record: string): string[] {
  const fields: string[] = []
  for (let from = 0; from <= record.length; ) {
    const { field, end } = record[from] === '"' ? quotedField(record, from + 1) : plainField(record, from)
    fields.push(field)
    from = end + 1
  }
  return fields
}

function plainField(record: string, from: number): { field: string; end: number } {
  const comma = record.indexOf(',', from)
  const end = comma < 0 ? record.length : comma
  return { field: record.slice(from, end), end }
}

/** Reads up to the quote that is not doubled; text between that quote and the comma is kept as it is. */
function quotedField(record: string, from: number): { field: string; end: number } {
  let field = ''
  for (let at = from; ; ) {
    const quote = record.indexOf('"', at)
    if (quote < 0) return { field: field + record.slice(at), end: record.length }
    field += record.slice(at, quote)
    if (record[quote + 1] !== '"') {
      const rest = plainField(record, quote + 1)
      return { field: field + rest.field, end: rest.end }
    }
    field += '"'
    at = quote + 2
  }
}
