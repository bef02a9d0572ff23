import type { ServerFrame, Topic } from '../contracts/frames.ts'
import type { TicketIssued } from '../contracts/http.ts'
import { ApiError } from './api.ts'
import { backoffMs, backoffMsMax } from './backoff.ts'
import type { Clock } from './clock.ts'
import type { Environment } from './environment.ts'
import type { ConnectionState, Emit, Status } from './events.ts'
import { openFollower } from './follower.ts'
import { type Cut, openKeepAlive } from './keep-alive.ts'
import { type LiveSocket, openSocket, type SocketConstructor } from './live-socket.ts'
import { isPbx, type LiveStore } from './store.ts'
import { timer } from './timer.ts'
import { watchWake } from './wake.ts'

/** A missing delta may come from another function invocation; after this it is requested. */
const missingMsMax = 3_000
/** The wait between two digests that differ. Writes that crossed the first one have arrived by then. */
const mismatchMs = 2_000
/** From the ticket request to the last part of the snapshot. A ticket lives twice as long. */
const openingMsMax = 30_000

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
  const keepAlive = openKeepAlive(() => clock.monotonic?.() ?? clock.now())
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
  let heardAt = clock.now()
  /** False after the cloud has refused a request, which may have been a resume. */
  let mayResume = true

  const setState = (next: ConnectionState, since = clock.now()) => {
    state = next
    const isFinal = next === 'connected' || next === 'stopped'
    const shown = wasOnline || isFinal ? next : 'offline'
    if (shown === status.state) return
    status = { state: shown, since }
    emit('status', status)
  }

  const dropOpening = () => {
    openingTimer()
    opening?.socket?.close()
    opening = undefined
  }

  const dropCurrent = () => {
    handoverTimer()
    wake.stop()
    current?.close()
    current = undefined
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
          pingMs: () => keepAlive.pingMs,
          ping: () => follower.ping(environment.isVisible(), clock.now()),
          onOpen: () => socket.ask(follower.request(mayResume)),
          onFrame(frame) {
            try {
              apply(frame, socket)
            } catch {
              // A newer cloud may send frames of another form. The next digest finds what they would have changed.
              return
            }
          },
          onLost: (reason, cut) => lost(socket, reason, cut),
        })
        own.socket = socket
      })
      .catch((error: unknown) => opening === own && fail(error))
  }

  function apply(frame: ServerFrame, from: LiveSocket): void {
    heardAt = clock.now()
    const now = frame.t ?? heardAt
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
        if (opening?.socket === from) {
          mayResume = false
          fail(error)
        } else emit('error', error)
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
    mayResume = true
    handoverTimer(keepAlive.lifeMs, open)
    wake.start()
    setState('connected')
  }

  const lost = (socket: LiveSocket, reason: string, cut?: Cut) => {
    if (opening?.socket === socket) return fail(new ApiError('socket-lost', 0, `Socket lost: ${reason}.`))
    if (cut) keepAlive.learn(cut)
    dropCurrent()
    setState('reconnecting')
    if (!opening) retryTimer(backoffMs(attempt++, clock), open)
  }

  const reopen = () => {
    attempt = 0
    dropOpening()
    open()
  }

  /** The old socket is usually dead, and its end would be known only after a time-out, so a new one opens at once. */
  const onWake = () => {
    store.grow(clock.now() - heardAt)
    dropCurrent()
    setState('reconnecting', heardAt)
    emit('change', [])
    reopen()
  }
  const wake = watchWake(clock, () => clock.now() - heardAt, onWake)

  /** Pings at once, so that a dead socket is found as soon as the page is visible or the network has changed. */
  const onEnvironmentChange = () => {
    const isOnline = environment.isOnline()
    const cameBack = !wasOnline && isOnline
    wasOnline = isOnline
    if (cameBack) keepAlive.reset()
    // It opens a socket itself if the machine slept.
    const isOpening = wake.check()
    current?.ping()
    setState(state)
    if (cameBack && !current && !isOpening) reopen()
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
      missingTimer()
      dropOpening()
      dropCurrent()
      setState('stopped')
    },
  }
}
