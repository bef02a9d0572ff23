import type { ClientFrame, ServerFrame } from '../contracts/frames.ts'
import type { Clock } from './clock.ts'
import { readFrames } from './guards.ts'
import { timer } from './timer.ts'

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
export interface LiveSocket {
  /** Without an answer of its kind within 10 s the socket is dead. */
  ask(frame: ClientFrame): void
  /** Asks for a sign of life: the network came back, or the page came into view. */
  ping(): void
  pingIn(delayMs?: number): void
  close(): void
}

export function openSocket(url: string, ports: LiveSocketPorts): LiveSocket {
  const { clock } = ports
  const pingTimer = timer(clock)
  const answerTimer = timer(clock)
  let isOpen = true
  let isAsked = false
  const socket = new ports.WebSocket(url)
  const on = (type: 'open' | 'message' | 'close', act: (event: SocketEvent) => void) =>
    socket.addEventListener(type, (event) => isOpen && act(event))
  const answered = () => {
    isAsked = false
    answerTimer()
  }
  const close = () => {
    isOpen = false
    pingTimer()
    answered()
    socket.close()
  }
  /** Does not wait for the closing handshake: on a dead line it would take minutes. */
  const lose = (reason: string) => {
    close()
    ports.onLost(reason)
  }
  const ask = (frame: ClientFrame) => {
    if (!isAsked) answerTimer(answerMsMax, () => lose('no-answer'))
    isAsked = true
    socket.send(JSON.stringify(frame))
  }
  const ping = () => {
    pingTimer()
    if (isOpen && !isAsked) ask(ports.ping())
  }
  const pingIn = (delayMs = ports.isVisible() ? pingMsVisible : pingMsHidden) => pingTimer(delayMs, ping)
  on('message', ({ data }) => {
    for (const frame of readFrames(data)) {
      if (/^(pong|snap|res|stat|err)/.test(frame.type)) {
        answered()
        pingIn()
      }
      ports.onFrame(frame)
    }
  })
  // An error is always followed by a close, which is what counts; without this listener `ws` would throw it.
  socket.addEventListener('error', () => undefined)
  on('close', () => lose('closed'))
  on('open', () => {
    ports.onOpen()
    pingIn()
  })
  return { ask, ping, pingIn, close }
}
