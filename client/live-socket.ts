import type { ClientFrame, ServerFrame } from '../contracts/frames.ts'
import type { Clock } from './clock.ts'
import { readFrames } from './guards.ts'
import type { Cut } from './keep-alive.ts'
import { timer } from './timer.ts'

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
  /** Returns the time from an answer to the next ping. */
  pingMs(): number
  /** Returns the ping to send. */
  ping(): ClientFrame
  onOpen(): void
  onFrame(frame: ServerFrame): void
  /** Called once when the socket ends, unless `close()` ended it; with `cut` if the other side closed it after it had opened. */
  onLost(reason: string, cut?: Cut): void
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
  let openedAt = 0
  let heardAt = 0
  let survivedMs = 0
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
  const lose = (reason: string, cut?: Cut) => {
    close()
    ports.onLost(reason, cut)
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
  // Called by listeners of the socket. Browsers delay the timers of a hidden page to whole minutes only if timers set them.
  const pingIn = (delayMs = ports.pingMs()) => pingTimer(delayMs, ping)
  on('message', ({ data }) => {
    const now = clock.now()
    survivedMs = Math.max(survivedMs, now - heardAt)
    heardAt = now
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
  on('close', () => {
    const now = clock.now()
    lose('closed', openedAt ? { ageMs: now - openedAt, idleMs: now - heardAt, survivedMs } : undefined)
  })
  on('open', () => {
    openedAt = heardAt = clock.now()
    ports.onOpen()
    pingIn()
  })
  return { ask, ping, pingIn, close }
}
