import type { Gap } from '../contracts/facts.ts'
import type { CallEntity, EndpointEntity, StatsFrame, Topic } from '../contracts/frames.ts'
import { type ApiOptions, ask } from './api.ts'
import { ChangeQueue } from './change-queue.ts'
import { type Clock, systemClock } from './clock.ts'
import { isTicket } from './guards.ts'
import { Listeners } from './listeners.ts'
import type { SocketConstructor } from './live-socket.ts'
import { LiveSession, type Status } from './session.ts'
import { type Change, type Heard, LiveStore } from './store.ts'
import { browserSurroundings, type Surroundings } from './surroundings.ts'

export type { CallState, EndpointState, Gap, Party } from '../contracts/facts.ts'
export type { CallEntity, EndpointEntity, StatsFrame, Topic } from '../contracts/frames.ts'
export { ApiError } from './api.ts'
export type { Clock } from './clock.ts'
export type { ConnectionState, Status } from './session.ts'
export type { Change, Heard } from './store.ts'

export interface ConnectOptions extends ApiOptions {
  /** Endpoints and calls, unless said. */
  topics?: readonly Topic[]
  /** Only what concerns these: numbers, resources or ids of endpoints. All, unless said. */
  extensions?: readonly string[]
  /** For a Node before 22, which has none of its own: `ws` will do. */
  WebSocket?: SocketConstructor
  fetch?: typeof fetch
  clock?: Clock
  surroundings?: Surroundings
}

export interface LiveEvents {
  /** The changes of one frame; empty when only `heard` moved. */
  change: readonly Change[]
  status: Status
  /** What happened between the two times may have been missed; the present state is right again. */
  gap: Gap
  /** The bridge began anew, in this epoch: what is shown is right, what happened in between may have been missed. */
  reset: number
  /** Told for the record: the connection mends itself. */
  error: Error
}

export interface Live extends AsyncIterable<Change> {
  readonly endpoints: ReadonlyMap<string, EndpointEntity>
  readonly calls: ReadonlyMap<string, CallEntity>
  /** The last calls that ended while we looked, newest first. */
  readonly recentCalls: readonly CallEntity[]
  readonly status: Status
  readonly heard: Heard | undefined
  /** The last figures, if subscribed to `stats`. */
  readonly stats: StatsFrame | undefined
  on: Listeners<LiveEvents>['on']
  off: Listeners<LiveEvents>['off']
  /** Closes the socket, calls off every timer and ends every iterator. */
  stop(): void
}

/** Connects to a site and stays connected until `stop()`: it reconnects for ever, so nothing here throws. */
export function connect(options: ConnectOptions): Live {
  const clock = options.clock ?? systemClock
  const store = new LiveStore()
  const listeners = new Listeners<LiveEvents>()
  const queues = new Set<ChangeQueue>()
  const session = new LiveSession({
    ticket: () => ask(options, 'POST', 'tickets', isTicket),
    store,
    clock,
    WebSocket: options.WebSocket ?? WebSocket,
    surroundings: options.surroundings ?? browserSurroundings,
    topics: options.topics ?? ['endpoints', 'calls'],
    extensions: options.extensions,
    onChange(changes) {
      for (const queue of queues) queue.push(changes)
      listeners.emit('change', changes)
    },
    onStatus: (status) => listeners.emit('status', status),
    onGap: (gap) => listeners.emit('gap', gap),
    onReset: (epoch) => listeners.emit('reset', epoch),
    onError: (error) => listeners.emit('error', error),
  })
  session.start()
  return {
    endpoints: store.endpoints,
    calls: store.calls,
    recentCalls: store.recentCalls,
    get status() {
      return session.status
    },
    get heard() {
      return store.heard
    },
    get stats() {
      return store.stats
    },
    on: listeners.on.bind(listeners),
    off: listeners.off.bind(listeners),
    stop() {
      session.stop()
      for (const queue of queues) queue.end()
      queues.clear()
    },
    [Symbol.asyncIterator]() {
      const queue = new ChangeQueue(() => queues.delete(queue))
      queues.add(queue)
      return queue
    },
  }
}
