import type { CallEntity, EndpointEntity, QueueEntity, StatsFrame, Topic } from '../contracts/frames.ts'
import type { TicketIssued } from '../contracts/http.ts'
import type { ApiOptions } from './api.ts'
import { type Clock, systemClock } from './clock.ts'
import { browserEnvironment, type Environment } from './environment.ts'
import type { LiveEvents, Status } from './events.ts'
import { type Listeners, openListeners } from './listeners.ts'
import type { SocketConstructor } from './live-socket.ts'
import { startSession } from './session.ts'
import { type Heard, LiveStore, type Pbx } from './store.ts'
import { requestTicket } from './ticket.ts'

export type { CallState, EndpointState, Gap, Party } from '../contracts/facts.ts'
export type { CallEntity, EndpointEntity, QueueEntity, StatsFrame, Topic } from '../contracts/frames.ts'
export type { QueuePart } from '../contracts/queues.ts'
export { ApiError } from './api.ts'
export type { Clock } from './clock.ts'
export type { ConnectionState, LiveEvents, Status } from './events.ts'
export type { Change, Heard, Pbx } from './store.ts'

export interface ConnectOptions extends ApiOptions {
  /** `['endpoints', 'calls']` by default. */
  topics?: readonly Topic[]
  /** Numbers, resources or ids of endpoints: only what concerns these is sent. All by default. */
  extensions?: readonly string[]
  /** Requests a ticket in place of `POST /v1/sites/{site}/tickets` with the key, for example over a server of yours. */
  requestTicket?: () => Promise<TicketIssued>
  /** A WebSocket class for Node 20 and older, for example that of the package `ws`. */
  WebSocket?: SocketConstructor
  clock?: Clock
  environment?: Environment
}

/** A live picture of one site. `changes(live)` of `@switchhook/client/changes` iterates over its changes. */
export interface Live {
  readonly endpoints: ReadonlyMap<string, EndpointEntity>
  readonly calls: ReadonlyMap<string, CallEntity>
  /** Queues, their members and waiting callers, each an entity, if subscribed to `queues`. */
  readonly queues: ReadonlyMap<string, QueueEntity>
  readonly status: Status
  /** When the bridge last sent something; undefined until the cloud has said. */
  readonly heard: Heard | undefined
  /** Whether the PBX is up; while it is down, phones are unknown and calls have `confirmed: false`. Undefined until the cloud has said. */
  readonly pbx: Pbx | undefined
  /** The latest figures, if subscribed to `stats`. */
  readonly stats: StatsFrame | undefined
  on: Listeners<LiveEvents>['on']
  off: Listeners<LiveEvents>['off']
  /** Closes the socket, cancels every timer and ends every iterator. */
  readonly stop: () => void
}

/** Connects to a site and reconnects until `stop()` is called. It never throws: errors are events. */
export function connect(options: ConnectOptions): Live {
  const store = new LiveStore()
  const listeners = openListeners<LiveEvents>()
  const session = startSession({
    requestTicket: options.requestTicket ?? (() => requestTicket(options)),
    store,
    clock: options.clock ?? systemClock,
    WebSocket: options.WebSocket ?? WebSocket,
    environment: options.environment ?? browserEnvironment,
    topics: options.topics ?? ['endpoints', 'calls'],
    extensions: options.extensions,
    emit: listeners.emit,
  })
  const { endpoints, calls, queues } = store
  const { on, off } = listeners
  return {
    endpoints,
    calls,
    queues,
    on,
    off,
    stop: session.stop,
    get status() {
      return session.status
    },
    get heard() {
      return store.heard
    },
    get pbx() {
      return store.pbx
    },
    get stats() {
      return store.stats
    },
  }
}
