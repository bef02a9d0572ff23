import { readJsonLine } from '../../contracts/cdr-row/json-line.ts'

/** Asterisk's longest CDR is about 4 KB. A longer line than this is cut and marked as overlong. */
export const lineBytesMax = 1_048_576
/** A record that does not end at its line break takes the next lines up to this size; readCdrRecord then reads them again. */
export const heldBytesMax = 65_536
/** Each line that ends in a brace needs another attempt to read the JSON up to there: 64 attempts of 64 KB take 20 ms. */
const attemptsMax = 64
const newline = 0x0a
const carriageReturn = 0x0d
const [brace, closingBrace, quote, backslash] = [0x7b, 0x7d, 0x22, 0x5c]
const [space, tab] = [0x20, 0x09]
const byteOrderMark = Buffer.from('\ufeff')
const empty = Buffer.alloc(0)

/** One record of the file: usually one line, several if its texts contain line breaks. */
export interface Line {
  bytes: Buffer
  /** Offset of the next record in the file. */
  end: number
  isOverlong: boolean
}

/**
 * Splits a file into records. The file is pushed in chunks; an incomplete line is kept until the rest of it is pushed. A CSV
 * record includes the next lines while a quote is open. A JSON record (a line that starts with `{`) includes the next lines
 * until it is complete, because Asterisk does not escape line breaks. A line that starts with `{"` always begins a new record,
 * because Asterisk escapes quotes. A record that does not end within 64 KiB is returned together with the lines after it.
 * Memory: one line and one record of several lines.
 */
export class LineSplitter {
  #offset: number
  #settled: number
  #half: Buffer[] = []
  #halfBytes = 0
  #isOverlong = false
  /** Lines of a record that has not ended, and where the last of them ends. */
  #held: Buffer[] = []
  #heldBytes = 0
  #heldEnd = 0
  #isQuoted = false
  #attempts = 0
  /** `,"sequence":` with the name of the field that ends the JSON records so far. */
  #lastField: Buffer | undefined

  constructor(offset: number) {
    this.#offset = offset
    this.#settled = offset
  }

  /** Offset behind the last byte that was pushed. */
  get offset(): number {
    return this.#offset
  }

  /** Offset of the record that is not complete yet. */
  get settled(): number {
    return this.#settled
  }

  /** Whether whole lines wait for the end of their record. */
  get isHolding(): boolean {
    return this.#held.length > 0
  }

  push(chunk: Buffer): Line[] {
    const lines: Line[] = []
    let from = 0
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, from)) {
      this.#keep(chunk.subarray(from, at))
      this.#endLine(this.#offset + at + 1, lines)
      from = at + 1
    }
    this.#keep(chunk.subarray(from))
    this.#offset += chunk.length
    return lines
  }

  /** Returns the whole lines that wait for the end of their record, if the file does not grow any more. */
  flush(): Line[] {
    const lines: Line[] = []
    this.#release(lines)
    return lines
  }

  /** Returns what is left at the end of the file; its last line may have no line break. */
  rest(): Line[] {
    const lines: Line[] = []
    if (this.#halfBytes > 0) this.#endLine(this.#offset, lines)
    this.#release(lines)
    return lines
  }

  #keep(bytes: Buffer): void {
    const room = lineBytesMax - this.#halfBytes
    if (bytes.length > room) this.#isOverlong = true
    const kept = bytes.subarray(0, room)
    if (kept.length === 0) return
    // A copy: the caller reuses the chunk's memory for the next read.
    this.#half.push(Buffer.from(kept))
    this.#halfBytes += kept.length
  }

  #endLine(end: number, lines: Line[]): void {
    const [only = empty, ...more] = this.#half
    const line = more.length > 0 ? Buffer.concat(this.#half) : only
    const isOverlong = this.#isOverlong
    this.#half = []
    this.#halfBytes = 0
    this.#isOverlong = false
    if (isOverlong) {
      this.#release(lines)
      this.#emit(line, end, lines, isOverlong)
    } else this.#place(line, end, lines)
  }

  /** Returns the line as a record, or adds it to the record that has not ended. */
  #place(line: Buffer, end: number, lines: Line[]): void {
    if (this.#held.length > 0 && startsJson(line)) this.#release(lines)
    const [first] = this.#held
    if (first === undefined) {
      if (this.#isWhole(line)) this.#emit(line, end, lines)
      else this.#hold(line, end)
      return
    }
    this.#hold(line, end)
    const hasEnded = isJson(first) ? this.#hasEnded(line) : !this.#hasOpenQuote(line)
    if (hasEnded || this.#heldBytes >= heldBytesMax) this.#release(lines)
  }

  #isWhole(line: Buffer): boolean {
    return isJson(line) ? this.#isComplete(line) : !this.#hasOpenQuote(line)
  }

  /** Whether the JSON record that is held ends with this line. True also after the last attempt: its end is then given up. */
  #hasEnded(line: Buffer): boolean {
    if (endOf(line, closingBrace) < 0) return false
    this.#attempts += 1
    return this.#isComplete(this.#joined()) || this.#attempts >= attemptsMax
  }

  #hold(line: Buffer, end: number): void {
    this.#held.push(line)
    this.#heldBytes += line.length + 1
    this.#heldEnd = end
  }

  #joined(): Buffer {
    return Buffer.concat(this.#held.flatMap((line, n) => (n === 0 ? [line] : [lineBreak, line])))
  }

  #release(lines: Line[]): void {
    if (this.#held.length === 0) return
    const bytes = this.#joined()
    this.#held = []
    this.#heldBytes = 0
    this.#isQuoted = false
    this.#attempts = 0
    this.#emit(bytes, this.#heldEnd, lines)
  }

  #emit(line: Buffer, end: number, lines: Line[], isOverlong = false): void {
    this.#settled = end
    const bytes = line.at(-1) === carriageReturn ? line.subarray(0, -1) : line
    if (bytes.length > 0) lines.push({ bytes, end, isOverlong })
  }

  /** A doubled quote closes and opens again, so an odd count means an open quote. */
  #hasOpenQuote(line: Buffer): boolean {
    for (let at = line.indexOf(quote); at >= 0; at = line.indexOf(quote, at + 1)) this.#isQuoted = !this.#isQuoted
    return this.#isQuoted
  }

  /** Whether a JSON record ends here. Records that end with the same field as the one before are not parsed. */
  #isComplete(record: Buffer): boolean {
    const end = endOf(record, closingBrace)
    if (end < 0) return false
    if (this.#lastField && endsWithNumber(record, this.#lastField, end)) return true
    // After `\"}` the record may be complete, or `\"` may be a quote within a text: only the next line shows which.
    let last = end - 1
    while (record[last] === space || record[last] === tab) last -= 1
    if (record[last] === quote && record[last - 1] === backslash) return false
    const read = readJsonLine(record.toString('utf8'))
    if (read.kind === 'malformed' || read.isCut) return false
    const name = Object.keys(read.row).at(-1)
    this.#lastField = name === undefined ? undefined : Buffer.from(`,"${name}":`)
    return true
  }
}

const lineBreak = Buffer.from([newline])

function isJson(line: Buffer): boolean {
  return line[0] === brace || (line[0] === byteOrderMark[0] && line[3] === brace && line.indexOf(byteOrderMark) === 0)
}

/**
 * Whether a line can only be the first of a JSON record: it starts with `{"` and a letter. Within a text, JSON has a backslash
 * before the quote, and CSV doubles it.
 */
function startsJson(line: Buffer): boolean {
  const letter = (line[2] ?? 0) | 0x20
  return line[0] === brace && line[1] === quote && letter >= 0x61 && letter <= 0x7a
}

/** Returns the index of the last byte besides a carriage return if it is `byte`, else -1. */
function endOf(line: Buffer, byte: number): number {
  const last = line.at(-1) === carriageReturn ? line.length - 2 : line.length - 1
  return line[last] === byte ? last : -1
}

/** Whether the record ends with this field and a number. A text cannot hold the field's name with its bare quotes. */
function endsWithNumber(record: Buffer, field: Buffer, end: number): boolean {
  const at = record.lastIndexOf(field)
  if (at < 0) return false
  const from = at + field.length
  for (let n = from; n < end; n += 1) {
    const byte = record[n] ?? 0
    if (byte < 0x30 || byte > 0x39) return false
  }
  return end > from
}
