import type { ServerFrame, Topic } from '../contracts/frames.ts'
import type { Clock } from './clock.ts'
import { readFrame } from './guards.ts'

/** API Gateway closes a socket idle for 10 minutes; 5 leave room for a lost ping. A page in view wants to know sooner. */
const pingMsHidden = 300_000
const pingMsVisible = 60_000
const pongMsMax = 10_000

interface SocketEvent {
  type: string
  data?: unknown
}
/** What the client needs of a WebSocket; the browsers', Node's own and `ws` all have it. */
export interface SocketLike {
  send(data: string): void
  close(): void
  addEventListener(type: 'open' | 'message' | 'close' | 'error', listener: (event: SocketEvent) => void): void
}
export type SocketConstructor = new (url: string) => SocketLike

export interface LiveSocketPorts {
  clock: Clock
  WebSocket: SocketConstructor
  isVisible(): boolean
  onOpen(): void
  onFrame(frame: ServerFrame): void
  /** Once, whoever ended it, except when `close()` was called. */
  onLost(reason: string): void
}

/** One WebSocket from its opening to its end: subscribes, pings, and knows when it is dead before the network says so. */
export class LiveSocket {
  readonly #ports: LiveSocketPorts
  #socket: SocketLike | undefined
  #callOffPing: (() => void) | undefined
  #callOffPong: (() => void) | undefined

  constructor(ports: LiveSocketPorts) {
    this.#ports = ports
  }

  start(url: string, topics: readonly Topic[]): void {
    const socket = new this.#ports.WebSocket(url)
    this.#socket = socket
    const whileOurs = (act: (event: SocketEvent) => void) => (event: SocketEvent) => {
      if (this.#socket === socket) act(event)
    }
    socket.addEventListener(
      'message',
      whileOurs(({ data }) => this.#receive(data)),
    )
    // An error is always followed by a close, which is what counts; without this listener `ws` would throw it.
    socket.addEventListener('error', () => undefined)
    socket.addEventListener(
      'close',
      whileOurs(() => this.#lose('closed')),
    )
    socket.addEventListener(
      'open',
      whileOurs(() => {
        this.#ports.onOpen()
        socket.send(JSON.stringify({ action: 'subscribe', topics }))
        this.#pingLater()
      }),
    )
  }

  /** Asks for a sign of life at once: the network came back, or the page came into view. */
  ping(): void {
    if (!this.#socket || this.#callOffPong) return
    this.#callOffPing?.()
    this.#callOffPong = this.#ports.clock.after(pongMsMax, () => this.#lose('no-pong'))
    this.#socket.send('{"action":"ping"}')
  }

  close(): void {
    const socket = this.#socket
    this.#socket = undefined
    this.#callOffPing?.()
    this.#callOffPong?.()
    this.#callOffPong = undefined
    socket?.close()
  }

  #receive(data: unknown): void {
    const frame = readFrame(data)
    if (!frame) return
    if (frame.type === 'pong') {
      this.#callOffPong?.()
      this.#callOffPong = undefined
      this.#pingLater()
    }
    this.#ports.onFrame(frame)
  }

  #pingLater(): void {
    this.#callOffPing?.()
    const delayMs = this.#ports.isVisible() ? pingMsVisible : pingMsHidden
    this.#callOffPing = this.#ports.clock.after(delayMs, () => this.ping())
  }

  /** Does not wait for the closing handshake: on a dead line it would take minutes. */
  #lose(reason: string): void {
    this.close()
    this.#ports.onLost(reason)
  }
}
