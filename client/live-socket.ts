import type { ClientFrame, ServerFrame } from '../contracts/frames.ts'
import type { Clock } from './clock.ts'
import { readFrame } from './guards.ts'

/** API Gateway closes a socket idle for 10 minutes; 5 leave room for a lost ping. A page in view wants to know sooner. */
const pingMsHidden = 300_000
const pingMsVisible = 60_000
const answerMsMax = 10_000

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
  /** The ping to send. */
  ping(): ClientFrame
  onOpen(): void
  onFrame(frame: ServerFrame): void
  /** Once, whoever ended it, except when `close()` was called. */
  onLost(reason: string): void
}

/** One WebSocket from its opening to its end: asks, pings, and knows when it is dead before the network says so. */
export class LiveSocket {
  readonly #ports: LiveSocketPorts
  #socket: SocketLike | undefined
  #callOffPing: (() => void) | undefined
  #callOffWait: (() => void) | undefined

  constructor(ports: LiveSocketPorts) {
    this.#ports = ports
  }

  start(url: string): void {
    const socket = new this.#ports.WebSocket(url)
    this.#socket = socket
    const on = (type: 'open' | 'message' | 'close', act: (event: SocketEvent) => void) =>
      socket.addEventListener(type, (event) => this.#socket === socket && act(event))
    on('message', ({ data }) => this.#receive(data))
    // An error is always followed by a close, which is what counts; without this listener `ws` would throw it.
    socket.addEventListener('error', () => undefined)
    on('close', () => this.#lose('closed'))
    on('open', () => {
      this.#ports.onOpen()
      this.pingIn()
    })
  }

  /** Without an answer of its kind within 10 s the socket is dead. */
  ask(frame: ClientFrame): void {
    this.#callOffWait ??= this.#ports.clock.after(answerMsMax, () => this.#lose('no-answer'))
    this.#socket?.send(JSON.stringify(frame))
  }

  /** Asks for a sign of life: the network came back, or the page came into view. */
  ping(): void {
    this.#callOffPing?.()
    if (this.#socket && !this.#callOffWait) this.ask(this.#ports.ping())
  }

  pingIn(delayMs = this.#ports.isVisible() ? pingMsVisible : pingMsHidden): void {
    this.#callOffPing?.()
    this.#callOffPing = this.#ports.clock.after(delayMs, () => this.ping())
  }

  close(): void {
    const socket = this.#socket
    this.#socket = undefined
    this.#callOffPing?.()
    this.#answered()
    socket?.close()
  }

  #answered(): void {
    this.#callOffWait?.()
    this.#callOffWait = undefined
  }

  #receive(data: unknown): void {
    const frame = readFrame(data)
    if (!frame) return
    if (/^(pong|snap|res|stat|err)/.test(frame.type)) {
      this.#answered()
      this.pingIn()
    }
    this.#ports.onFrame(frame)
  }

  /** Does not wait for the closing handshake: on a dead line it would take minutes. */
  #lose(reason: string): void {
    this.close()
    this.#ports.onLost(reason)
  }
}
