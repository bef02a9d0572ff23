import { WebSocket } from 'ws'
import { AriRefused, AriUnreachable } from './ari-errors.ts'
import { type AriCredentials, basicAuth } from './ari-rest.ts'

/** A half-open connection shows by its silence: dead once this long after the last sign of life. */
const deadAfterMs = 10_000
const pingMs = 5000
/** The handshake of a PBX that hangs; the same as a REST call's limit. */
const handshakeMsMax = 5000
/** The longest real event is 3 KB; a frame beyond this ends the connection, and a resynchronisation follows. */
const frameBytesMax = 4 * 1024 * 1024

export interface AriSocketOptions {
  /** `http://HOST:PORT/ari` */
  url: string
  credentials: AriCredentials
  application: string
  /** Called for each frame as it comes; it must not wait for anything. */
  onFrame(frame: Buffer): void
}

/** One connection to ARI's events, subscribed to all of them. */
export class AriSocket {
  readonly #socket: WebSocket
  /** Resolves, with the reason, when the connection has ended, whoever ended it. */
  readonly closed: Promise<string>
  /** When Asterisk last gave a sign of life, Unix milliseconds. */
  lastHeardMs = Date.now()
  #heardMs = performance.now()

  private constructor(socket: WebSocket) {
    this.#socket = socket
    this.closed = new Promise((resolve) => {
      let reason = ''
      const beat = setInterval(() => {
        if (performance.now() - this.#heardMs > deadAfterMs) {
          reason = 'no answer to pings'
          socket.terminate()
        } else if (socket.readyState === WebSocket.OPEN) socket.ping()
      }, pingMs)
      socket.on('pong', () => this.#hear())
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
    this.lastHeardMs = Date.now()
    this.#heardMs = performance.now()
  }

  /** Connects. Throws AriRefused or AriUnreachable. */
  static open({ url, credentials, application, onFrame }: AriSocketOptions, signal: AbortSignal): Promise<AriSocket> {
    const address = `${url.replace(/^http/, 'ws')}/events?app=${encodeURIComponent(application)}&subscribeAll=true`
    const socket = new WebSocket(address, {
      headers: { authorization: basicAuth(credentials) },
      handshakeTimeout: handshakeMsMax,
      maxPayload: frameBytesMax,
      perMessageDeflate: false,
    })
    const opened = new AriSocket(socket)
    socket.on('message', (data: Buffer) => {
      opened.#hear()
      onFrame(data)
    })
    return new Promise((resolve, reject) => {
      const stop = () => socket.terminate()
      signal.addEventListener('abort', stop, { once: true })
      socket.once('open', () => resolve(opened))
      socket.once('unexpected-response', (_request, response) => {
        reject(new AriRefused(response.statusCode ?? 0, 'the event socket'))
        socket.terminate()
      })
      socket.once('error', (cause) => reject(new AriUnreachable(cause.message, { cause })))
      socket.once('close', () => signal.removeEventListener('abort', stop))
    })
  }

  close(): void {
    this.#socket.close()
    // A PBX that hangs does not answer the closing handshake; nothing is owed to it.
    setTimeout(() => this.#socket.terminate(), 500).unref()
  }
}
