import type { ClientFrame, ServerFrame } from '../contracts/frames.ts'
import type { Clock } from './clock.ts'
import { readFrames } from './guards.ts'
import { timer } from './timer.ts'

/** API Gateway closes a socket that is idle for 10 minutes; 5 leave room for a lost ping. */
const pingMsHidden = 300_000
/** While a person looks at the page, a dead socket has to be found sooner. */
const pingMsVisible = 60_000
const answerMsMax = 10_000

/** The frames that answer a request of the client. */
const answers: ReadonlySet<string> = new Set(['pong', 'snapshot', 'resumed', 'reset', 'stats', 'error'])

interface SocketEvent {
  type: string
  data?: unknown
}
/** The part of a WebSocket that the client uses: that of browsers, of Node and of the package `ws`. */
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
  /** Returns the ping to send. */
  ping(): ClientFrame
  onOpen(): void
  onFrame(frame: ServerFrame): void
  /** Called once when the socket ends, unless `close()` ended it. */
  onLost(reason: string): void
}

/** One WebSocket from opening to end. It pings, and finds a dead connection before the network reports it. */
export interface LiveSocket {
  /** Sends a request. Without an answer within 10 s the socket counts as lost. */
  ask(frame: ClientFrame): void
  /** Checks the connection now, for example because the network came back or the page became visible. */
  ping(): void
  pingIn(delayMs?: number): void
  close(): void
}

export function openSocket(url: string, ports: LiveSocketPorts): LiveSocket {
  const { clock } = ports
  const pingTimer = timer(clock)
  const answerTimer = timer(clock)
  let isOpen = true
  let isWaiting = false
  const socket = new ports.WebSocket(url)
  const on = (type: 'open' | 'message' | 'close', act: (event: SocketEvent) => void) =>
    socket.addEventListener(type, (event) => isOpen && act(event))
  const stopWaiting = () => {
    isWaiting = false
    answerTimer()
  }
  const close = () => {
    isOpen = false
    pingTimer()
    stopWaiting()
    socket.close()
  }
  /** Does not wait for the closing handshake, which takes minutes on a dead connection. */
  const lose = (reason: string) => {
    close()
    ports.onLost(reason)
  }
  const ask = (frame: ClientFrame) => {
    if (!isWaiting) answerTimer(answerMsMax, () => lose('no-answer'))
    isWaiting = true
    socket.send(JSON.stringify(frame))
  }
  const ping = () => {
    pingTimer()
    if (isOpen && !isWaiting) ask(ports.ping())
  }
  const pingIn = (delayMs = ports.isVisible() ? pingMsVisible : pingMsHidden) => pingTimer(delayMs, ping)
  on('message', ({ data }) => {
    for (const frame of readFrames(data)) {
      if (answers.has(frame.type)) {
        stopWaiting()
        pingIn()
      }
      ports.onFrame(frame)
    }
  })
  // A `close` event always follows an error and is handled; `ws` throws an error that has no listener.
  socket.addEventListener('error', () => undefined)
  on('close', () => lose('closed'))
  on('open', () => {
    ports.onOpen()
    pingIn()
  })
  return { ask, ping, pingIn, close }
}
