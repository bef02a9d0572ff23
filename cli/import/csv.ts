/** A record that is longer is no CDR; what is left of it is dropped with it. */
const recordCharsMax = 65_536

export type CsvRecord = { fields: string[] } | { refused: string }

/**
 * Records of comma-separated text (RFC 4180: quotes doubled within quotes, line breaks allowed there), from pieces cut
 * anywhere. A file that ends within quotes or without its last line break ends in a record that is refused: it was cut.
 */
export async function* readCsv(pieces: AsyncIterable<string>): AsyncGenerator<CsvRecord> {
  let [fields, field]: [string[], string] = [[], '']
  let state: 'plain' | 'quoted' | 'after-quote' = 'plain'
  let length = 0
  for await (const piece of pieces) {
    for (const char of piece) {
      length += 1
      if (length > recordCharsMax) {
        yield { refused: `a record of over ${recordCharsMax} characters` }
        ;[fields, field, state, length] = [[], '', 'plain', 0]
      }
      if (state === 'quoted') {
        if (char === '"') state = 'after-quote'
        else field += char
      } else if (char === '"' && (state === 'after-quote' || field === '')) {
        if (state === 'after-quote') field += '"'
        state = 'quoted'
      } else if (char === ',') {
        fields.push(field)
        ;[field, state] = ['', 'plain']
      } else if (char === '\n') {
        fields.push(field.replace(/\r$/, ''))
        if (fields.length > 1 || fields[0] !== '') yield { fields }
        ;[fields, field, state, length] = [[], '', 'plain', 0]
      } else {
        field += char
        state = 'plain'
      }
    }
  }
  if (length > 0) yield { refused: 'the file ends in the middle of this record' }
}
