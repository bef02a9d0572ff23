import { WebSocket } from 'ws'
import type { AriConnection, AriLink, AriRequests } from './ari-connection.ts'
import { AriRefusedError, AriUnreachableError } from './ari-errors.ts'
import { type AriCredentials, AriRest, basicAuth } from './ari-rest.ts'

/** A half-open connection shows by its silence: dead once this long after the last sign of life. */
const deadAfterMs = 10_000
const pingMs = 5000
/** The handshake of a PBX that hangs; the same as a REST call's limit. */
const handshakeMsMax = 5000
/** The longest real event is 3 KB; a frame beyond this ends the connection, and a resynchronisation follows. */
export const frameBytesMax = 4 * 1024 * 1024

/** One connection to ARI's events, over a WebSocket that either side may have opened. */
export class AriSocket implements AriConnection {
  readonly requests: AriRequests
  readonly closed: Promise<string>
  readonly #socket: WebSocket
  #lastHeardMs = Date.now()
  #heardMs = performance.now()

  /** The socket may still be opening. `requests` is made once for it. */
  constructor(socket: WebSocket, onFrame: (frame: Buffer) => void, requests: AriRequests) {
    this.#socket = socket
    this.requests = requests
    socket.on('message', (data: Buffer) => {
      this.#hear()
      onFrame(data)
    })
    socket.on('pong', () => this.#hear())
    this.closed = this.#watch()
  }

  get lastHeardMs(): number {
    return this.#lastHeardMs
  }

  #watch(): Promise<string> {
    const socket = this.#socket
    return new Promise((resolve) => {
      let reason = ''
      const beat = setInterval(() => {
        if (performance.now() - this.#heardMs > deadAfterMs) {
          reason = 'no answer to pings'
          socket.terminate()
        } else if (socket.readyState === WebSocket.OPEN) socket.ping()
      }, pingMs)
      socket.on('error', (error) => {
        reason ||= error.message
      })
      socket.on('close', (code) => {
        clearInterval(beat)
        resolve(reason || `closed by Asterisk (${code})`)
      })
    })
  }

  #hear(): void {
    this.#lastHeardMs = Date.now()
    this.#heardMs = performance.now()
  }

  close(): void {
    this.#socket.close()
    // A PBX that hangs does not answer the closing handshake; nothing is owed to it.
    setTimeout(() => this.#socket.terminate(), 500).unref()
  }
}

export interface AriDialling extends AriCredentials {
  /** `http://HOST:PORT/ari` */
  url: string
  application: string
  /** False: only what comes to the application itself, as the callers of a menu. */
  subscribeAll?: boolean
}

/** The bridge dials Asterisk and subscribes to all events, if nothing else is said. */
export function diallingLink({ url, application, subscribeAll = true, ...credentials }: AriDialling): AriLink {
  const rest = new AriRest(url, credentials)
  const address = `${url.replace(/^http/, 'ws')}/events?app=${encodeURIComponent(application)}&subscribeAll=${subscribeAll}`
  return {
    direction: 'inbound',
    connect(onFrame, signal) {
      const socket = new WebSocket(address, {
        headers: { authorization: basicAuth(credentials) },
        handshakeTimeout: handshakeMsMax,
        maxPayload: frameBytesMax,
        perMessageDeflate: false,
      })
      const opened = new AriSocket(socket, onFrame, rest)
      return new Promise((resolve, reject) => {
        const stop = () => socket.terminate()
        signal.addEventListener('abort', stop, { once: true })
        socket.once('open', () => resolve(opened))
        socket.once('unexpected-response', (_request, response) => {
          reject(new AriRefusedError(response.statusCode ?? 0, 'the event socket'))
          socket.terminate()
        })
        socket.once('error', (cause) => reject(new AriUnreachableError(cause.message, { cause })))
        socket.once('close', () => signal.removeEventListener('abort', stop))
      })
    },
  }
}
