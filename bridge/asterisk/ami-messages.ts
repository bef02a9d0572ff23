import { SwitchhookError } from '../../contracts/errors.ts'

/** The longest header that Asterisk writes is a few hundred bytes; the rest of a longer one is dropped and the message marked. */
const lineBytesMax = 16_384
/** The longest event, a Cdr, has some 40. */
const headersMax = 300
const newline = 0x0a
const carriageReturn = 0x0d

/** One message of Asterisk's Manager Interface: its headers by name in lower case, of a repeated one the first. */
export interface AmiMessage {
  headers: ReadonlyMap<string, string>
  /** A header was longer, or there were more, than Asterisk writes; what was beyond is not in it. */
  isCut: boolean
}

/** Cuts what Asterisk sends, chunk by chunk, into messages. Memory: 300 headers of 16 KB at the worst, whatever comes. */
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
    // A copy, since the socket's memory is used again.
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

  /** A line that is no header, such as the banner, is passed over. */
  #addHeader(line: string): void {
    const colon = line.indexOf(':')
    if (colon <= 0) return
    const name = line.slice(0, colon).trim().toLowerCase()
    if (this.#headers.has(name)) return
    if (this.#headers.size >= headersMax) this.#isCut = true
    else this.#headers.set(name, line.slice(colon + 1).trim())
  }
}

/** What was to be sent would have been another message than it says. */
export class AmiHeaderError extends SwitchhookError {
  readonly errorId = 'ami-header-refused'
  constructor(header: string) {
    super(`the value for the header ${header} holds a line break, a NUL or too much`)
  }
}

/** Asterisk's own limit on a line that it reads. */
const sentBytesMax = 1024

/** The bytes of one action. Throws AmiHeaderError for a value that would not stay one header. */
export function encodeAction(headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).map(([name, value]) => {
    const line = `${name}: ${value}`
    if (/[\r\n\0]/.test(line) || !/^[A-Za-z]+$/.test(name) || Buffer.byteLength(line) > sentBytesMax) {
      throw new AmiHeaderError(/^[A-Za-z]+$/.test(name) ? name : 'of no name')
    }
    return line
  })
  return `${lines.join('\r\n')}\r\n\r\n`
}
