/** Asterisk's longest CDR is about 4 KB. A longer line than this is cut and marked as overlong. */
export const lineBytesMax = 1_048_576
/** A quote that is never closed includes up to this much in its line; readCdrRecord then splits the line again. */
export const quotedBytesMax = 65_536
const newline = 0x0a
const carriageReturn = 0x0d
const brace = 0x7b
const quote = 0x22
/** The first byte of a UTF-8 byte order mark. The first line of such a file ends at its first line break, in CSV too. */
const byteOrderMark = 0xef

export interface Line {
  bytes: Buffer
  /** Offset of the next line in the file. */
  end: number
  isOverlong: boolean
}

/**
 * Splits a file, given chunk by chunk, into lines; keeps a half line until its end arrives. A line that does not start with
 * `{` is CSV, in which a quoted field may contain line breaks. Memory: one line.
 */
export class LineSplitter {
  #offset: number
  #settled: number
  #kept: Buffer[] = []
  #keptBytes = 0
  #isOverlong = false
  #isJson: boolean | undefined
  #isQuoted = false

  constructor(offset: number) {
    this.#offset = offset
    this.#settled = offset
  }

  /** Offset behind the last byte that was pushed. */
  get offset(): number {
    return this.#offset
  }

  /** Offset of the line that is not complete yet. */
  get settled(): number {
    return this.#settled
  }

  push(chunk: Buffer): Line[] {
    const lines: Line[] = []
    let from = 0
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, at + 1)) {
      this.#keep(chunk.subarray(from, at))
      const isInField = this.#isQuoted && this.#keptBytes < quotedBytesMax
      if (isInField) this.#keep(chunk.subarray(at, at + 1))
      else lines.push(this.#take(this.#offset + at + 1))
      from = at + 1
    }
    this.#keep(chunk.subarray(from))
    this.#offset += chunk.length
    return lines.filter((line) => line.bytes.length > 0)
  }

  /** Returns the last line of a file that has no line break at its end. */
  rest(): Line[] {
    const line = this.#take(this.#offset)
    return line.bytes.length > 0 ? [line] : []
  }

  #keep(bytes: Buffer): void {
    this.#trackQuotes(bytes)
    const room = lineBytesMax - this.#keptBytes
    if (bytes.length > room) this.#isOverlong = true
    const kept = bytes.subarray(0, room)
    if (kept.length === 0) return
    // A copy: the caller reuses the chunk's memory for the next read.
    this.#kept.push(Buffer.from(kept))
    this.#keptBytes += kept.length
  }

  /** Tracks open quotes. A doubled quote closes and opens again, so an odd count means an open quote. */
  #trackQuotes(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#isJson ??= bytes[0] === brace || bytes[0] === byteOrderMark
    if (this.#isJson) return
    for (let at = bytes.indexOf(quote); at >= 0; at = bytes.indexOf(quote, at + 1)) this.#isQuoted = !this.#isQuoted
  }

  #take(end: number): Line {
    const whole = Buffer.concat(this.#kept)
    const bytes = whole.at(-1) === carriageReturn ? whole.subarray(0, -1) : whole
    const line = { bytes, end, isOverlong: this.#isOverlong }
    this.#kept = []
    this.#keptBytes = 0
    this.#isOverlong = false
    this.#isJson = undefined
    this.#isQuoted = false
    this.#settled = end
    return line
  }
}
