import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { errorCode, exitStatus, FatalError } from '../failure.ts'
import type { AriConnection, AriLink } from './ari-connection.ts'
import { AriUnreachableError } from './ari-errors.ts'
import { type AriCredentials, basicAuth } from './ari-rest.ts'
import { type AriDialling, AriSocket, diallingLink, frameBytesMax } from './ari-socket.ts'
import { AriSocketRequests } from './ari-socket-requests.ts'

/** Asterisk dials each half second by default; without a call in this time it is unreachable. */
const dialledMsMax = 10_000

export interface AriListening extends AriCredentials {
  host: string
  port: number
}

/**
 * Accepts the WebSocket that Asterisk opens to the bridge (`type = outbound_websocket` in ari.conf): Basic authentication,
 * subprotocol `ari`, REST over the same socket. Asterisk keeps events while there is no connection and sends them first, so
 * the bridge accepts it only when it is ready for them, and answers 503 until then.
 */
export class AriListener implements AriLink {
  readonly direction = 'outbound'
  readonly #options: AriListening
  readonly #server: Server = createServer((_request, response) => response.writeHead(426).end())
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: frameBytesMax,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has('ari') ? 'ari' : false),
  })
  #ready: ((socket: WebSocket) => void) | undefined

  constructor(options: AriListening) {
    this.#options = options
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
  }

  async start(): Promise<number> {
    const { host, port } = this.#options
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once('error', reject)
        this.#server.listen(port, host, resolve)
      })
    } catch (cause) {
      const sentence = `the port ${host}:${port} for Asterisk cannot be used (${errorCode(cause)}): correct ari.listen`
      throw new FatalError('ari-port-unusable', exitStatus.unavailable, sentence, { cause })
    }
    const address = this.#server.address()
    return typeof address === 'object' && address ? address.port : port
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    const ready = this.#ready
    if (!this.#isKnown(request.headers.authorization ?? '')) refuse(socket, 401)
    else if (!ready) refuse(socket, 503)
    else {
      this.#ready = undefined
      this.#sockets.handleUpgrade(request, socket, head, ready)
    }
  }

  #isKnown(authorization: string): boolean {
    const [given, right] = [authorization, basicAuth(this.#options)].map((text) =>
      createHash('sha256').update(text).digest(),
    )
    return given !== undefined && right !== undefined && timingSafeEqual(given, right)
  }

  connect(onFrame: (frame: Buffer) => void, signal: AbortSignal): Promise<AriConnection> {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(dialledMsMax)])
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        this.#ready = undefined
        reject(new AriUnreachableError('Asterisk has not dialled the bridge'))
      }
      limited.addEventListener('abort', giveUp, { once: true })
      this.#ready = (socket) => {
        limited.removeEventListener('abort', giveUp)
        const requests = new AriSocketRequests((text) => socket.send(text))
        resolve(new AriSocket(socket, (frame) => requests.take(frame) || onFrame(frame), requests))
      }
    })
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

/** Returns the link that a configuration asks for; with `listen`, `undo` closes the port again. */
export async function openAriLink(
  ari: AriDialling & { listen?: { host: string; port: number } | undefined },
  undo: AsyncDisposableStack,
): Promise<AriLink> {
  if (!ari.listen) return diallingLink(ari)
  const { user, password } = ari
  const listener = new AriListener({ user, password, ...ari.listen })
  await listener.start()
  undo.defer(() => listener.stop())
  return listener
}

function refuse(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
