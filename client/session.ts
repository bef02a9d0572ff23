import type { ServerFrame, Topic } from '../contracts/frames.ts'
import type { TicketIssued } from '../contracts/http.ts'
import { ApiError } from './api.ts'
import type { Clock } from './clock.ts'
import type { Environment } from './environment.ts'
import type { ConnectionState, Emit, Status } from './events.ts'
import { openFollower } from './follower.ts'
import { type LiveSocket, openSocket, type SocketConstructor } from './live-socket.ts'
import { isPbx, type LiveStore } from './store.ts'
import { timer } from './timer.ts'

/** API Gateway closes every WebSocket after 2 hours. The next one opens ten minutes earlier. */
const socketMsMax = 110 * 60_000
/** A missing delta may come from another function invocation; after this it is requested. */
const missingMsMax = 3_000
/** The wait between two digests that differ. Writes that crossed the first one have arrived by then. */
const mismatchMs = 2_000
/** From the ticket request to the last part of the snapshot. A ticket lives twice as long. */
const openingMsMax = 30_000
const backoffBaseMs = 1_000
const backoffMsMax = 30_000

export interface SessionPorts {
  requestTicket(): Promise<TicketIssued>
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

/** Keeps a site's live connection over many sockets until it is stopped. */
export function startSession(ports: SessionPorts): LiveSession {
  const { clock, store, environment, emit } = ports
  const follower = openFollower(ports)
  const ended = new AbortController()
  const retryTimer = timer(clock)
  const openingTimer = timer(clock)
  const handoverTimer = timer(clock)
  const missingTimer = timer(clock)
  let state: ConnectionState = 'connecting'
  let status: Status = { state, since: clock.now() }
  let current: LiveSocket | undefined
  /** The next socket, until it has its snapshot. `socket` is undefined while its ticket is requested. */
  let opening: { socket?: LiveSocket } | undefined
  let attempt = 0
  let isWaitingForMissing = false
  let wasOnline = environment.isOnline()

  const setState = (next: ConnectionState) => {
    state = next
    const isFinal = next === 'connected' || next === 'stopped'
    const shown = wasOnline || isFinal ? next : 'offline'
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
    const isRefused = [401, 403, 404].includes(code)
    if (!current) setState(isRefused ? 'refused' : 'reconnecting')
    emit('error', error instanceof Error ? error : new Error(String(error)))
    retryTimer(Math.max(retryAfterMs, isRefused ? backoffMsMax : backoffMs(attempt++, clock)), open)
  }

  /** Opens the next socket. The current one stays until the next one has its snapshot. */
  function open(): void {
    if (ended.signal.aborted || opening) return
    retryTimer()
    const own: { socket?: LiveSocket } = {}
    opening = own
    openingTimer(openingMsMax, () => fail(new ApiError('socket-late', 0, 'The socket did not open in time.')))
    ports
      .requestTicket()
      .then(({ ticket, socketUrl }) => {
        // Another attempt has replaced this one; its ticket expires unused.
        if (opening !== own) return
        const url = new URL(socketUrl)
        url.searchParams.set('ticket', ticket)
        const socket = openSocket(url.href, {
          clock,
          WebSocket: ports.WebSocket,
          isVisible: environment.isVisible,
          ping: follower.ping,
          onOpen: () => socket.ask(follower.request()),
          onFrame(frame) {
            try {
              apply(frame, socket)
            } catch {
              // A newer cloud may send frames of another form. The next digest finds what they would have changed.
              return
            }
          },
          onLost: (reason) => lost(socket, reason),
        })
        own.socket = socket
      })
      .catch((error: unknown) => opening === own && fail(error))
  }

  function apply(frame: ServerFrame, from: LiveSocket): void {
    const now = frame.t ?? clock.now()
    store.hear(frame['lastHeard'], now, frame['stale'] === true)
    if (isPbx(frame['pbx'])) store.hearPbx(frame['pbx'])
    switch (frame.type) {
      case 'gap':
        emit('gap', frame)
        break
      case 'heard':
        emit('change', [])
        break
      case 'pong': {
        emit('change', [])
        const mismatches = follower.mismatches(frame)
        if (mismatches > 1) from.ask(follower.request(false))
        else if (mismatches === 1) from.pingIn(mismatchMs)
        break
      }
      case 'error': {
        const error = new ApiError(frame.errorId, 0, frame.detail, { retryAfterMs: frame.retryAfterMs })
        // An error before the snapshot answers the subscription, so no snapshot would follow.
        if (opening?.socket === from) fail(error)
        else emit('error', error)
        break
      }
      default:
        // With `r` above 0 an entity was changed by the cloud, not by the bridge.
        if (frame.type === 'delta' && frame.entities.some(({ r }) => r === 0)) {
          store.hear(new Date(frame.w).toISOString(), now)
        }
        follower.apply(frame)
        if (opening?.socket === from && follower.isComplete()) useOpened(from)
        watchMissing()
    }
  }

  const watchMissing = () => {
    if (isWaitingForMissing === follower.isMissingDeltas()) return
    isWaitingForMissing = follower.isMissingDeltas()
    if (!isWaitingForMissing) return missingTimer()
    missingTimer(missingMsMax, () => {
      isWaitingForMissing = false
      current?.ask(follower.request())
    })
  }

  const useOpened = (socket: LiveSocket) => {
    openingTimer()
    opening = undefined
    current?.close()
    current = socket
    attempt = 0
    handoverTimer(socketMsMax, open)
    setState('connected')
  }

  const lost = (socket: LiveSocket, reason: string) => {
    if (opening?.socket === socket) return fail(new ApiError('socket-lost', 0, `Socket lost: ${reason}.`))
    current = undefined
    handoverTimer()
    setState('reconnecting')
    if (!opening) retryTimer(backoffMs(attempt++, clock), open)
  }

  /** Pings at once, so that a dead socket is found as soon as the page is visible or the network has changed. */
  const onEnvironmentChange = () => {
    const isOnline = environment.isOnline()
    const cameBack = !wasOnline && isOnline
    wasOnline = isOnline
    current?.ping()
    setState(state)
    if (!cameBack || current) return
    attempt = 0
    dropOpening()
    open()
  }

  environment.watch(onEnvironmentChange, ended.signal)
  open()
  return {
    get status() {
      return status
    },
    stop() {
      ended.abort()
      retryTimer()
      handoverTimer()
      missingTimer()
      dropOpening()
      current?.close()
      current = undefined
      setState('stopped')
    },
  }
}

/**
 * Full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"): a random wait below a limit that doubles, so that
 * a thousand pages that lose their sockets together do not reconnect together.
 */
function backoffMs(attempt: number, clock: Pick<Clock, 'random'>): number {
  return Math.floor(clock.random() * Math.min(backoffMsMax, backoffBaseMs * 2 ** Math.min(attempt, 10)))
}
