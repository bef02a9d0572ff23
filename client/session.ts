import type { ServerFrame, Topic } from '../contracts/frames.ts'
import type { TicketIssued } from '../contracts/http.ts'
import { ApiError } from './api.ts'
import { backoffMs, backoffMsMax } from './backoff.ts'
import type { Clock } from './clock.ts'
import type { Environment } from './environment.ts'
import { openFollower, toError } from './follower.ts'
import type { Emit } from './index.ts'
import { type LiveSocket, openSocket, type SocketConstructor } from './live-socket.ts'
import type { LiveStore } from './store.ts'
import { timer } from './timer.ts'

/** API Gateway ends a WebSocket at 2 hours whatever it does; the next one is up ten minutes before. */
const socketMsMax = 110 * 60_000
/** A count that is missing may be on its way by another function; after this it is asked for. */
const holeMsMax = 3_000
/** Between two digests that both differ: what the first one crossed has come by then. */
const doubtMs = 2_000
/** From asking for a ticket to the last part of the snapshot. Half of what a ticket is good for: a line that slow is tried anew. */
const openingMsMax = 30_000

/** `refused`: the cloud says no to this key or site; it is asked again, since keys and sites can come back, but seldom. */
export type ConnectionState = 'connecting' | 'connected' | 'reconnecting' | 'offline' | 'refused' | 'stopped'
export interface Status {
  state: ConnectionState
  /** Unix milliseconds. */
  since: number
}

export interface SessionPorts {
  ticket(): Promise<TicketIssued>
  store: LiveStore
  clock: Clock
  WebSocket: SocketConstructor
  environment: Environment
  topics: readonly Topic[]
  extensions?: readonly string[] | undefined
  emit: Emit
}

export interface LiveSession {
  readonly status: Status
  stop(): void
}

/** Keeps one live socket until it is stopped, whatever happens to each. */
export function startSession(ports: SessionPorts): LiveSession {
  const { clock, store, environment, emit } = ports
  const follower = openFollower(ports)
  const ended = new AbortController()
  const retryTimer = timer(clock)
  const openingTimer = timer(clock)
  const handoverTimer = timer(clock)
  const holeTimer = timer(clock)
  let state: ConnectionState = 'connecting'
  let status: Status = { state, since: clock.now() }
  let current: LiveSocket | undefined
  /** The socket on its way up; its own ticket comes first. */
  let opening: { socket?: LiveSocket } | undefined
  let attempt = 0
  let isHoleMinded = false
  let wasOnline = environment.isOnline()

  const tell = (next: ConnectionState) => {
    state = next
    const shown = !wasOnline && !/^(conn.*ed|stop)/.test(next) ? 'offline' : next
    if (shown === status.state) return
    status = { state: shown, since: clock.now() }
    emit('status', status)
  }

  const dropOpening = () => {
    openingTimer()
    opening?.socket?.close()
    opening = undefined
  }

  const fail = (error: unknown) => {
    dropOpening()
    const { status: code = 0, retryAfterMs = 0 } = error instanceof ApiError ? error : {}
    const isRefused = /40[134]/.test(String(code))
    if (!current) tell(isRefused ? 'refused' : 'reconnecting')
    emit('error', error instanceof Error ? error : new Error(String(error)))
    retryTimer(Math.max(retryAfterMs, isRefused ? backoffMsMax : backoffMs(attempt++, clock)), open)
  }

  /** Opens the next socket; the present one, if any, goes on until that is ready. */
  function open(): void {
    if (ended.signal.aborted || opening) return
    retryTimer()
    const own: { socket?: LiveSocket } = {}
    opening = own
    openingTimer(openingMsMax, () => fail(new ApiError('socket-late', 0, 'No socket in time.')))
    ports
      .ticket()
      .then(({ ticket, socketUrl }) => {
        // Given up meanwhile: the ticket runs out by itself.
        if (opening !== own) return
        const url = new URL(socketUrl)
        url.searchParams.set('ticket', ticket)
        const socket = openSocket(url.href, {
          ...ports,
          isVisible: environment.isVisible,
          ping: follower.ping,
          onOpen: () => socket.ask(follower.ask()),
          onFrame(frame) {
            try {
              take(frame, socket)
            } catch {
              // A frame of a later cloud, or one that lacks what its kind has: what it would have told, the digest finds.
              return
            }
          },
          onLost: (reason) => lost(socket, reason),
        })
        own.socket = socket
      })
      .catch((error: unknown) => opening === own && fail(error))
  }

  function take(frame: ServerFrame, from: LiveSocket): void {
    const now = frame.t ?? clock.now()
    const isOpening = opening?.socket === from
    store.hear(frame['lastHeard'], now, frame['stale'] === true)
    if (frame.type === 'gap') emit('gap', frame)
    else if (frame.type === 'heard') emit('change', [])
    else if (frame.type === 'pong') {
      emit('change', [])
      const doubts = follower.doubts(frame)
      if (doubts > 1) from.ask(follower.ask(false))
      else if (doubts) from.pingIn(doubtMs)
    } else if (frame.type === 'error') {
      // Before the picture is whole it is the subscription that was refused: nothing would come after it.
      if (isOpening) fail(toError(frame))
      else emit('error', toError(frame))
    } else {
      // With `r` above 0 it is the cloud that speaks, not the bridge.
      if (frame.type === 'delta' && frame.entities.some(({ r }) => r === 0))
        store.hear(new Date(frame.w).toISOString(), now)
      follower.take(frame)
      if (isOpening && follower.isWhole()) completed(from)
      mindHole()
    }
  }

  const mindHole = () => {
    if (isHoleMinded === follower.hasHole()) return
    isHoleMinded = follower.hasHole()
    if (!isHoleMinded) return holeTimer()
    holeTimer(holeMsMax, () => {
      isHoleMinded = false
      current?.ask(follower.ask())
    })
  }

  const completed = (socket: LiveSocket) => {
    openingTimer()
    opening = undefined
    current?.close()
    current = socket
    attempt = 0
    handoverTimer(socketMsMax, open)
    tell('connected')
  }

  const lost = (socket: LiveSocket, reason: string) => {
    if (opening?.socket === socket) return fail(new ApiError('socket-lost', 0, `Socket lost: ${reason}.`))
    current = undefined
    handoverTimer()
    tell('reconnecting')
    if (!opening) retryTimer(backoffMs(attempt++, clock), open)
  }

  /** The page came into view or the network changed: a dead socket is found now rather than at the next ping. */
  const look = () => {
    const isOnline = environment.isOnline()
    const cameBack = !wasOnline && isOnline
    wasOnline = isOnline
    current?.ping()
    tell(state)
    if (!cameBack || current) return
    attempt = 0
    dropOpening()
    open()
  }

  environment.watch(look, ended.signal)
  open()
  return {
    get status() {
      return status
    },
    stop() {
      ended.abort()
      retryTimer()
      handoverTimer()
      holeTimer()
      dropOpening()
      current?.close()
      current = undefined
      tell('stopped')
    },
  }
}
