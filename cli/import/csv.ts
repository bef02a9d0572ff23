import { CsvError, type Parser, parse } from 'csv-parse'

/** A longer record is not a CDR. The parser drops it, so that an unclosed quote cannot fill the memory. */
const recordBytesMax = 65_536

export type CsvRecord = { fields: string[] } | { refused: string }

/**
 * Yields the records of comma-separated text (RFC 4180); each item of `lines` is a line or a part of one. Accepts a quote
 * inside a field, so that a torn line does not spoil the lines after it. A file that ends inside quotes or without a line
 * break was cut, so its last record is refused.
 */
export async function* readCsv(lines: AsyncIterable<string>): AsyncGenerator<CsvRecord> {
  let parser = openParser()
  let isCut = false
  for await (const line of lines) {
    isCut = !line.endsWith('\n')
    const error = await write(parser, line)
    yield* readable(parser)
    if (!error) continue
    yield { refused: reasonOf(error) }
    parser = openParser()
  }
  const error = await write(parser, undefined)
  const last = [...readable(parser)]
  if (isCut && last.length > 0) last[last.length - 1] = { refused: cutReason }
  yield* last
  if (error) yield { refused: reasonOf(error) }
}

const cutReason = 'the file ends in the middle of this record'

function openParser(): Parser {
  const parser = parse({
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: recordBytesMax,
  })
  // `write` reports the error too; a stream without this listener would throw it.
  return parser.on('error', () => undefined)
}

/** Writes one item, or ends the text. Returns the parser's error; that parser accepts nothing more. */
function write(parser: Parser, line: string | undefined): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const done = (error?: Error | null) => resolve(error ?? undefined)
    if (line === undefined) parser.end(done)
    else parser.write(line, done)
  })
}

function* readable(parser: Parser): Generator<CsvRecord> {
  for (let fields: string[] | null = parser.read(); fields !== null; fields = parser.read()) yield { fields }
}

function reasonOf(error: Error): string {
  if (!(error instanceof CsvError)) throw error
  return error.code === 'CSV_MAX_RECORD_SIZE' ? `the record is longer than ${recordBytesMax} bytes` : cutReason
}
