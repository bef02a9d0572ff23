/**
 * Cuts one CSV record (RFC 4180) into its fields. A quoted field may hold commas, line breaks and doubled quotes. Undefined if
 * a quote is not closed, or a text follows it: such a record is broken.
 */
export function splitCsvRecord(record: string): string[] | undefined {
  const fields: string[] = []
  for (let from = 0; from <= record.length; ) {
    const found = record[from] === '"' ? quotedField(record, from + 1) : plainField(record, from)
    if (!found) return undefined
    fields.push(found.field)
    from = found.end + 1
  }
  return fields
}

function plainField(record: string, from: number): { field: string; end: number } {
  const comma = record.indexOf(',', from)
  const end = comma < 0 ? record.length : comma
  return { field: record.slice(from, end), end }
}

/** Reads up to the quote that is not doubled. */
function quotedField(record: string, from: number): { field: string; end: number } | undefined {
  let field = ''
  for (let at = from; ; ) {
    const quote = record.indexOf('"', at)
    if (quote < 0) return undefined
    field += record.slice(at, quote)
    const next = record[quote + 1]
    if (next === undefined || next === ',') return { field, end: quote + 1 }
    if (next !== '"') return undefined
    field += '"'
    at = quote + 2
  }
}
