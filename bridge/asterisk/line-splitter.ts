/** Asterisk's longest CDR is about 4 KB; a longer line than this is cut, marked, and passed over at its end. */
export const lineBytesMax = 1_048_576
/** A quote that is never closed takes this much into its line; its reader then looks at each part by itself. */
export const quotedBytesMax = 65_536
const newline = 0x0a
const carriageReturn = 0x0d
const brace = 0x7b
const quote = 0x22
/** The first byte of UTF-8's; a file that begins with one is cut at its first line break, whatever it is. */
const byteOrderMark = 0xef

export interface Line {
  bytes: Buffer
  /** Where the next line begins in the file. */
  end: number
  isOverlong: boolean
}

/**
 * Cuts a file, given chunk by chunk, into lines; a half line waits for its end. A line that does not begin as JSON is CSV,
 * in which a line break between quotes belongs to the field. Memory: one line.
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

  /** Up to where the file was given. */
  get offset(): number {
    return this.#offset
  }

  /** Where the line begins that is not whole yet. */
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

  /** What is left of a file that will not grow any more. */
  rest(): Line[] {
    const line = this.#take(this.#offset)
    return line.bytes.length > 0 ? [line] : []
  }

  #keep(bytes: Buffer): void {
    this.#look(bytes)
    const room = lineBytesMax - this.#keptBytes
    if (bytes.length > room) this.#isOverlong = true
    const kept = bytes.subarray(0, room)
    if (kept.length === 0) return
    // A copy, since the chunk's memory is used again for the next read.
    this.#kept.push(Buffer.from(kept))
    this.#keptBytes += kept.length
  }

  /** A doubled quote within quotes leaves them and enters them again, so that an odd number is open. */
  #look(bytes: Buffer): void {
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
