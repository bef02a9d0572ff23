import { SwitchhookError } from '../../contracts/errors.ts'

/** Asterisk's headers have a few hundred bytes at most. The rest of a longer one is dropped, and the message is marked as cut. */
const lineBytesMax = 16_384
/** The event with the most headers, Cdr, has about 40. */
const headersMax = 300
const newline = 0x0a
const carriageReturn = 0x0d

/** One message of Asterisk's Manager Interface. */
export interface AmiMessage {
  /** By name in lower case; of a repeated header the first value. */
  headers: ReadonlyMap<string, string>
  /** The message had longer or more headers than Asterisk writes; the excess is missing. */
  isCut: boolean
}

/** Splits a byte stream into messages. Memory: 300 headers of 16 KB at most, whatever arrives. */
export class AmiMessages {
  #kept: Buffer[] = []
  #keptBytes = 0
  #headers = new Map<string, string>()
  #isCut = false

  push(chunk: Buffer): AmiMessage[] {
    const messages: AmiMessage[] = []
    let from = 0
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, from)) {
      this.#keep(chunk.subarray(from, at))
      const message = this.#endLine()
      if (message) messages.push(message)
      from = at + 1
    }
    this.#keep(chunk.subarray(from))
    return messages
  }

  #keep(bytes: Buffer): void {
    const kept = bytes.subarray(0, lineBytesMax - this.#keptBytes)
    if (kept.length < bytes.length) this.#isCut = true
    if (kept.length === 0) return
    // A copy: the socket reuses its memory.
    this.#kept.push(Buffer.from(kept))
    this.#keptBytes += kept.length
  }

  #endLine(): AmiMessage | undefined {
    const whole = Buffer.concat(this.#kept)
    const line = (whole.at(-1) === carriageReturn ? whole.subarray(0, -1) : whole).toString('utf8')
    this.#kept = []
    this.#keptBytes = 0
    if (line !== '') {
      this.#addHeader(line)
      return undefined
    }
    const message = { headers: this.#headers, isCut: this.#isCut }
    this.#headers = new Map()
    this.#isCut = false
    return message.headers.size > 0 ? message : undefined
  }

  /** Ignores lines that are not headers, such as the banner. */
  #addHeader(line: string): void {
    const colon = line.indexOf(':')
    if (colon <= 0) return
    const name = line.slice(0, colon).trim().toLowerCase()
    if (this.#headers.has(name)) return
    if (this.#headers.size >= headersMax) this.#isCut = true
    else this.#headers.set(name, line.slice(colon + 1).trim())
  }
}

/** A value cannot be sent as one header. */
export class AmiHeaderError extends SwitchhookError {
  readonly errorId = 'ami-header-refused'
  constructor(header: string) {
    super(`the value of the header ${header} contains a line break or a NUL, or is longer than Asterisk reads`)
  }
}

/** Asterisk reads no longer line than this. */
const sentBytesMax = 1024

/** Returns the bytes of one action. Throws AmiHeaderError for a value that would not stay one header. */
export function encodeAction(headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).map(([name, value]) => {
    const line = `${name}: ${value}`
    if (/[\r\n\0]/.test(line) || !/^[A-Za-z]+$/.test(name) || Buffer.byteLength(line) > sentBytesMax) {
      throw new AmiHeaderError(/^[A-Za-z]+$/.test(name) ? name : 'with an invalid name')
    }
    return line
  })
  return `${lines.join('\r\n')}\r\n\r\n`
}
