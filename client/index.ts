import type { Gap } from '../contracts/facts.ts'
import type { CallEntity, EndpointEntity, StatsFrame, Topic } from '../contracts/frames.ts'
import { type ApiOptions, ask } from './api.ts'
import { type Clock, systemClock } from './clock.ts'
import { browserEnvironment, type Environment } from './environment.ts'
import { isTicket } from './guards.ts'
import { type Listeners, openListeners } from './listeners.ts'
import type { SocketConstructor } from './live-socket.ts'
import { type Status, startSession } from './session.ts'
import { type Change, type Heard, LiveStore } from './store.ts'

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
  environment?: Environment
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

export type Emit = Listeners<LiveEvents>['emit']

/** Its changes as an async iterator are `changes(live)` of `@switchhook/client/changes`. */
export interface Live {
  readonly endpoints: ReadonlyMap<string, EndpointEntity>
  readonly calls: ReadonlyMap<string, CallEntity>
  readonly status: Status
  readonly heard: Heard | undefined
  /** The last figures, if subscribed to `stats`. */
  readonly stats: StatsFrame | undefined
  on: Listeners<LiveEvents>['on']
  off: Listeners<LiveEvents>['off']
  /** Closes the socket, calls off every timer and ends every iterator. */
  readonly stop: () => void
}

/** Connects to a site and stays connected until `stop()`: it reconnects for ever, so nothing here throws. */
export function connect(options: ConnectOptions): Live {
  const clock = options.clock ?? systemClock
  const store = new LiveStore()
  const listeners = openListeners<LiveEvents>()
  const session = startSession({
    ticket: () => ask(options, 'POST', 'tickets', isTicket),
    store,
    clock,
    WebSocket: options.WebSocket ?? WebSocket,
    environment: options.environment ?? browserEnvironment,
    topics: options.topics ?? ['endpoints', 'calls'],
    extensions: options.extensions,
    emit: listeners.emit,
  })
  const { endpoints, calls } = store
  const { on, off } = listeners
  return {
    endpoints,
    calls,
    on,
    off,
    stop: session.stop,
    get status() {
      return session.status
    },
    get heard() {
      return store.heard
    },
    get stats() {
      return store.stats
    },
  }
}
