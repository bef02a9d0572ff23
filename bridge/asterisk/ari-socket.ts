import { WebSocket } from 'ws'
import type { AriConnection, AriLink, AriRequests } from './ari-connection.ts'
import { AriRefusedError, AriUnreachableError } from './ari-errors.ts'
import { type AriCredentials, AriRest, basicAuth } from './ari-rest.ts'
import { SilenceWatch } from './silence-watch.ts'

/** Limit of the handshake with a PBX that hangs: the same as for a REST request. */
const handshakeMsMax = 5000
/** The longest event of Asterisk is 3 KB. A longer frame than this ends the connection; the next one resynchronises. */
export const frameBytesMax = 4 * 1024 * 1024

/** One connection to ARI's events, over a WebSocket that either side has opened. */
export class AriSocket implements AriConnection {
  readonly requests: AriRequests
  readonly closed: Promise<string>
  readonly #socket: WebSocket
  readonly #watch: SilenceWatch

  /** The socket may still be connecting. `requests` belongs to this connection alone. */
  constructor(socket: WebSocket, onFrame: (frame: Buffer) => void, requests: AriRequests) {
    this.#socket = socket
    this.requests = requests
    const watch = new SilenceWatch(socket, {
      ping: () => socket.readyState === WebSocket.OPEN && socket.ping(),
      destroy: () => socket.terminate(),
    })
    socket.on('message', (data: Buffer) => {
      watch.seen()
      onFrame(data)
    })
    socket.on('pong', () => watch.seen())
    this.#watch = watch
    this.closed = watch.closed
  }

  get lastSeenMs(): number {
    return this.#watch.lastSeenMs
  }

  close(): void {
    this.#socket.close()
    // A PBX that hangs does not answer the closing handshake.
    setTimeout(() => this.#socket.terminate(), 500).unref()
  }
}

export interface AriDialling extends AriCredentials {
  /** `http://HOST:PORT/ari` */
  url: string
  application: string
  /** `false`: only events of the application itself, such as callers that enter a voice menu. */
  subscribeAll?: boolean
}

/** Returns a link by which the bridge dials Asterisk. It subscribes to all events by default. */
export function diallingLink({ url, application, subscribeAll = true, ...credentials }: AriDialling): AriLink {
  const rest = new AriRest(url, credentials)
  const address = `${url.replace(/^http/, 'ws')}/events?app=${encodeURIComponent(application)}&subscribeAll=${subscribeAll}`
  let isAgain = false
  return {
    direction: 'inbound',
    async connect(onFrame, signal) {
      // Asterisk would take up a WebSocket that was given up while it hung, and drop the application with it.
      if (isAgain) await untilAnswers(rest, signal)
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
        socket.once('open', () => {
          isAgain = true
          resolve(opened)
        })
        socket.once('unexpected-response', (_request, response) => {
          const server = String(response.headers['server'] ?? '')
          reject(new AriRefusedError(response.statusCode ?? 0, 'the event socket', { server }))
          socket.terminate()
        })
        socket.once('error', (cause) => reject(new AriUnreachableError(cause.message, { cause })))
        socket.once('close', () => signal.removeEventListener('abort', stop))
      })
    },
  }
}

/** Throws AriUnreachableError if Asterisk answers nothing; a refusal is an answer, and old versions have no `ping`. */
async function untilAnswers(rest: AriRest, signal: AbortSignal): Promise<void> {
  try {
    await rest.get('/asterisk/ping', signal)
  } catch (error) {
    if (!(error instanceof AriRefusedError)) throw error
  }
}
