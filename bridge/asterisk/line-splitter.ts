/** Asterisk's longest CDR is about 4 KB; a longer line than this is cut, marked, and passed over at its end. */
export const lineBytesMax = 1_048_576
const newline = 0x0a
const carriageReturn = 0x0d

export interface Line {
  bytes: Buffer
  /** Where the next line begins in the file. */
  end: number
  isOverlong: boolean
}

/** Cuts a file, given chunk by chunk, into lines; a half line waits for its end. Memory: one line. */
export class LineSplitter {
  #offset: number
  #kept: Buffer[] = []
  #keptBytes = 0
  #isOverlong = false

  constructor(offset: number) {
    this.#offset = offset
  }

  /** Up to where the file was given. */
  get offset(): number {
    return this.#offset
  }

  push(chunk: Buffer): Line[] {
    const lines: Line[] = []
    let from = 0
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, from)) {
      this.#keep(chunk.subarray(from, at))
      from = at + 1
      lines.push(this.#take(this.#offset + from))
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
    const room = lineBytesMax - this.#keptBytes
    if (bytes.length > room) this.#isOverlong = true
    const kept = bytes.subarray(0, room)
    if (kept.length === 0) return
    // A copy, since the chunk's memory is used again for the next read.
    this.#kept.push(Buffer.from(kept))
    this.#keptBytes += kept.length
  }

  #take(end: number): Line {
    const whole = Buffer.concat(this.#kept)
    const bytes = whole.at(-1) === carriageReturn ? whole.subarray(0, -1) : whole
    const line = { bytes, end, isOverlong: this.#isOverlong }
    this.#kept = []
    this.#keptBytes = 0
    this.#isOverlong = false
    return line
  }
}
