import type { Gap } from '../contracts/facts.ts'
import type { ServerFrame, Topic } from '../contracts/frames.ts'
import type { TicketIssued } from '../contracts/http.ts'
import { ApiError } from './api.ts'
import { backoffMs, backoffMsMax } from './backoff.ts'
import type { Clock } from './clock.ts'
import { Follower, toError } from './follower.ts'
import { LiveSocket, type SocketConstructor } from './live-socket.ts'
import type { Change, LiveStore } from './store.ts'
import type { Surroundings } from './surroundings.ts'

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
  surroundings: Surroundings
  topics: readonly Topic[]
  extensions?: readonly string[] | undefined
  onChange(changes: readonly Change[]): void
  onStatus(status: Status): void
  onGap(gap: Gap): void
  onReset(epoch: number): void
  onError(error: Error): void
}

/** The socket on its way up. */
interface Opening {
  socket?: LiveSocket
  callOff(): void
}

/** Keeps one live socket for as long as it is started, whatever happens to each. */
export class LiveSession {
  readonly #ports: SessionPorts
  readonly #follower: Follower
  readonly #ended = new AbortController()
  #state: ConnectionState = 'connecting'
  status: Status
  #current: LiveSocket | undefined
  #opening: Opening | undefined
  #attempt = 0
  #wasOnline = true
  #callOffRetry: (() => void) | undefined
  #callOffHandover: (() => void) | undefined
  #callOffHole: (() => void) | undefined

  constructor(ports: SessionPorts) {
    this.#ports = ports
    this.#follower = new Follower(ports)
    this.status = { state: 'connecting', since: ports.clock.now() }
  }

  start(): void {
    const { surroundings } = this.#ports
    this.#wasOnline = surroundings.isOnline()
    surroundings.watch(() => this.#look(), this.#ended.signal)
    this.#open()
  }

  stop(): void {
    this.#ended.abort()
    this.#callOffRetry?.()
    this.#callOffHandover?.()
    this.#callOffHole?.()
    this.#dropOpening()
    this.#current?.close()
    this.#current = undefined
    this.#tell('stopped')
  }

  /** Opens the next socket; the present one, if any, goes on until that is ready. */
  #open(): void {
    if (this.#ended.signal.aborted || this.#opening) return
    this.#callOffRetry?.()
    const late = new ApiError('socket-late', 0, 'The live connection did not come up in time.')
    const opening: Opening = {
      callOff: this.#ports.clock.after(openingMsMax, () => this.#fail(late)),
    }
    this.#opening = opening
    this.#openSocket(opening).catch((error: unknown) => {
      if (this.#opening === opening) this.#fail(error)
    })
  }

  async #openSocket(opening: Opening): Promise<void> {
    const { clock, surroundings, WebSocket } = this.#ports
    const ticket = await this.#ports.ticket()
    // Given up meanwhile: the ticket runs out by itself.
    if (this.#opening !== opening) return
    const url = new URL(ticket.socketUrl)
    url.searchParams.set('ticket', ticket.ticket)
    const socket = new LiveSocket({
      clock,
      WebSocket,
      isVisible: surroundings.isVisible,
      ping: () => this.#follower.ping(),
      onOpen: () => socket.ask(this.#follower.ask()),
      onFrame: (frame) => this.#take(frame, socket),
      onLost: (reason) => this.#lost(socket, reason),
    })
    opening.socket = socket
    socket.start(url.href)
  }

  #take(frame: ServerFrame, from: LiveSocket): void {
    const { store, clock, onChange, onError, onGap } = this.#ports
    const now = frame.t ?? clock.now()
    const isOpening = this.#opening?.socket === from
    if (frame.type === 'snapshot' || frame.type === 'resumed' || frame.type === 'pong' || frame.type === 'heard')
      store.hear(frame.lastHeard, now, frame.stale)
    if (frame.type === 'gap') onGap(frame)
    else if (frame.type === 'heard') onChange([])
    else if (frame.type === 'pong') {
      onChange([])
      if (this.#follower.differs(frame)) from.ask(this.#follower.ask(false))
      else if (this.#follower.isInDoubt) from.pingIn(doubtMs)
    } else if (frame.type === 'error') {
      // Before the picture is whole it is the subscription that was refused: nothing would come after it.
      if (isOpening) this.#fail(toError(frame))
      else onError(toError(frame))
    } else {
      // With `r` above 0 it is the cloud that speaks, not the bridge.
      if (frame.type === 'delta' && frame.entities.some(({ r }) => r === 0))
        store.hear(new Date(frame.w).toISOString(), now)
      this.#follower.take(frame)
      if (isOpening && this.#follower.isWhole) this.#completed(from)
      this.#mindHole()
    }
  }

  #mindHole(): void {
    if (!this.#follower.hasHole) {
      this.#callOffHole?.()
      this.#callOffHole = undefined
    } else
      this.#callOffHole ??= this.#ports.clock.after(holeMsMax, () => {
        this.#callOffHole = undefined
        this.#current?.ask(this.#follower.ask())
      })
  }

  #completed(socket: LiveSocket): void {
    this.#opening?.callOff()
    this.#opening = undefined
    this.#current?.close()
    this.#current = socket
    this.#attempt = 0
    this.#callOffHandover?.()
    this.#callOffHandover = this.#ports.clock.after(socketMsMax, () => this.#open())
    this.#tell('connected')
  }

  #lost(socket: LiveSocket, reason: string): void {
    if (this.#opening?.socket === socket) {
      this.#fail(new ApiError('socket-lost', 0, `The live connection was lost: ${reason}.`))
      return
    }
    this.#current = undefined
    this.#callOffHandover?.()
    this.#tell('reconnecting')
    if (!this.#opening) this.#retryIn(backoffMs(this.#attempt++, this.#ports.clock))
  }

  #fail(error: unknown): void {
    this.#dropOpening()
    const isRefused = error instanceof ApiError && [401, 403, 404].includes(error.status)
    if (!this.#current) this.#tell(isRefused ? 'refused' : 'reconnecting')
    this.#ports.onError(error instanceof Error ? error : new Error(String(error)))
    const told = (error instanceof ApiError && error.retryAfterMs) || 0
    this.#retryIn(Math.max(told, isRefused ? backoffMsMax : backoffMs(this.#attempt++, this.#ports.clock)))
  }

  #retryIn(delayMs: number): void {
    this.#callOffRetry?.()
    this.#callOffRetry = this.#ports.clock.after(delayMs, () => this.#open())
  }

  #dropOpening(): void {
    this.#opening?.callOff()
    this.#opening?.socket?.close()
    this.#opening = undefined
  }

  /** The page came into view or the network changed: a dead socket is found now rather than at the next ping. */
  #look(): void {
    const cameBack = !this.#wasOnline && this.#ports.surroundings.isOnline()
    this.#wasOnline = this.#ports.surroundings.isOnline()
    this.#current?.ping()
    this.#tell(this.#state)
    if (!cameBack || this.#current) return
    this.#attempt = 0
    this.#dropOpening()
    this.#open()
  }

  #tell(state: ConnectionState): void {
    this.#state = state
    const isCut = !this.#wasOnline && state !== 'connected' && state !== 'stopped'
    const shown = isCut ? 'offline' : state
    if (shown === this.status.state) return
    this.status = { state: shown, since: this.#ports.clock.now() }
    this.#ports.onStatus(this.status)
  }
}
