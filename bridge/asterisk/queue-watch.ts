import { isWaitedOut } from '../failure.ts'
import { type QueueMessage, readListed, readQueueEvent } from '../normalise/queue-messages.ts'
import type { Clock } from '../operate/clock.ts'
import type { Counters } from '../operate/counters.ts'
import { Notifier, wait } from '../operate/wait.ts'
import { type AmiAddress, AmiConnection, AmiUnavailableError } from './ami-connection.ts'
import type { AmiMessage } from './ami-messages.ts'
import { ReconnectPolicy } from './reconnect-policy.ts'

/**
 * Everything is read again this often: no event says that a call of a member was counted, that `queue reload` changed a queue, or
 * that another process changed a realtime one. Three queues with twelve members are 11 KB and a millisecond each time.
 */
const readAgainMs = 500
/** A longer list is read less often: 2,500 members, 1.5 MB, each 2.5 s. A slow link gets four times the pause that a list took. */
const pauseMsPerItem = 1
const pauseTimesMax = 4
const readAgainMsMax = 60_000
/** Asterisk counts a call of a member this much later than it says that the call has ended. */
const figuresMs = 150
/** Queues, members and callers of one list: 20 MB. `queues.ts` keeps as many. */
const listedMax = 20_000
/** Asterisk writes a list at once, or hangs. */
const listMsMax = 10_000
/** Without app_queue there is nothing to read. A booting Asterisk loads it soon, so the first looks follow fast. */
const withoutQueuesMs = { first: 500, longest: 60_000 }
/** After this long without an answer of the Manager Interface, what was known of queues is no longer shown. */
const unknownAfterMs = 20_000
/** So many times must reading find a change that no event announced, before events count as missing. */
const unannouncedMax = 3

/** Errors that say that Asterisk answers, and refuses the user. */
const refusals: ReadonlySet<string> = new Set(['ami-refused', 'ami-login-refused'])

/** How far the bridge can read queues. */
export type QueueAccess = 'complete' | 'no-queues' | 'no-events' | 'unreachable' | 'refused'

export interface QueueWatchDependencies {
  address: AmiAddress
  counters: Counters
  clock: Clock
  /** Gets the complete list; returns whether it shows a change of which an event should have told. */
  onList(list: QueueMessage[]): boolean
  onEvent(message: QueueMessage): void
  /** Nothing is known about queues any more. */
  onUnknown(): void
  /** Gets how far queues can be read, again and again; `reason` if Asterisk gave one. */
  onAccess(access: QueueAccess, reason?: string): void
}

/**
 * Reads the queues over a connection of its own to the Manager Interface, which asks for events of class `agent` alone. Every
 * user may send `QueueStatus`; the events need `read = agent`. Reconnects without end.
 */
export class QueueWatch {
  readonly #dependencies: QueueWatchDependencies
  readonly #notifier: Notifier
  /** The list that Asterisk is sending. */
  #listing: { messages: QueueMessage[]; end: PromiseWithResolvers<void> } | undefined
  #hasList = false
  #isFiguresDue = false
  #isConnected = false
  #hasEvents = false
  #unannounced = 0
  /** When a list was last read, by the monotonic clock. */
  #readMs: number

  constructor(dependencies: QueueWatchDependencies) {
    this.#dependencies = dependencies
    this.#notifier = new Notifier(dependencies.clock)
    this.#readMs = dependencies.clock.monotonicMs()
  }

  get isConnected(): boolean {
    return this.#isConnected
  }

  /** Asterisk is there again: connects at once. */
  refresh(): void {
    this.#notifier.notify()
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, counters, onAccess, onUnknown } = this.#dependencies
    const policy = new ReconnectPolicy(clock.random)
    while (!signal.aborted) {
      const begunMs = clock.monotonicMs()
      try {
        await this.#connection(signal)
      } catch (error) {
        if (!isWaitedOut(error)) throw error
        if (signal.aborted) return
        counters.addError(error)
        onAccess(refusals.has(error.errorId) ? 'refused' : 'unreachable', error.message)
      } finally {
        this.#isConnected = false
      }
      const nowMs = clock.monotonicMs()
      const knownMs = this.#readMs + unknownAfterMs - nowMs
      if (knownMs <= 0) onUnknown()
      const pauseMs = policy.nextMs(nowMs - begunMs)
      await this.#notifier.wait(signal, knownMs > 0 ? Math.min(pauseMs, knownMs) : pauseMs)
    }
  }

  async #connection(signal: AbortSignal): Promise<void> {
    const { address, clock } = this.#dependencies
    const ended = new AbortController()
    const connection = await AmiConnection.open(address, (message) => this.#take(message), signal)
    void connection.closed.then(() => ended.abort())
    this.#hasEvents = false
    this.#hasList = false
    this.#unannounced = 0
    let withoutMs = withoutQueuesMs.first
    try {
      await connection.ask({ Action: 'Events', EventMask: 'agent' })
      while (!ended.signal.aborted) {
        const begunMs = clock.monotonicMs()
        const items = await this.#read(connection, ended.signal)
        const tookMs = clock.monotonicMs() - begunMs
        const pauseMs = Math.max(readAgainMs, (items ?? 0) * pauseMsPerItem, tookMs * pauseTimesMax)
        await this.#notifier.wait(ended.signal, items === undefined ? withoutMs : Math.min(readAgainMsMax, pauseMs))
        withoutMs = items !== undefined ? withoutQueuesMs.first : Math.min(withoutQueuesMs.longest, withoutMs * 2)
        if (!this.#isFiguresDue) continue
        this.#isFiguresDue = false
        await wait(figuresMs, ended.signal, clock)
      }
    } finally {
      connection.close()
    }
  }

  /** Reads the complete list and returns its length; undefined if this Asterisk has no queues. */
  async #read(connection: AmiConnection, signal: AbortSignal): Promise<number | undefined> {
    const { clock, onAccess, onList } = this.#dependencies
    // Without app_queue Asterisk refuses `QueueStatus`, so ask first what it knows.
    const commands = this.#isConnected ? undefined : await connection.ask({ Action: 'ListCommands' })
    const hasQueues = commands?.has('queuestatus') ?? true
    const list = hasQueues ? await this.#readList(connection, signal) : []
    this.#isConnected = hasQueues
    this.#readMs = clock.monotonicMs()
    const isUnannounced = onList(list) && this.#hasList
    this.#hasList = hasQueues
    if (isUnannounced && !this.#hasEvents) this.#unannounced += 1
    const isWithoutEvents = !this.#hasEvents && this.#unannounced >= unannouncedMax
    onAccess(!hasQueues ? 'no-queues' : isWithoutEvents ? 'no-events' : 'complete')
    return hasQueues ? list.length : undefined
  }

  async #readList(connection: AmiConnection, signal: AbortSignal): Promise<QueueMessage[]> {
    const listing = { messages: [], end: Promise.withResolvers<void>() }
    this.#listing = listing
    const done = new AbortController()
    try {
      await connection.ask({ Action: 'QueueStatus' })
      const late = wait(listMsMax, AbortSignal.any([signal, done.signal]), this.#dependencies.clock).then(() => false)
      const isComplete = await Promise.race([listing.end.promise.then(() => true), late])
      if (!isComplete) throw new AmiUnavailableError('ami-unreachable', 'QueueStatus: the list has no end')
      return listing.messages
    } finally {
      done.abort()
      this.#listing = undefined
    }
  }

  /** A list that never ends must not fill the memory. */
  #addListed(message: QueueMessage): void {
    const messages = this.#listing?.messages
    if (!messages) return
    if (messages.length < listedMax) messages.push(message)
    else this.#dependencies.counters.add('queue-left-out')
  }

  #take({ headers, isCut }: AmiMessage): void {
    const { counters, onEvent } = this.#dependencies
    if (isCut) counters.add('ami-message-cut')
    const listed = readListed(headers)
    const message = listed ?? readQueueEvent(headers)
    if (headers.get('event') === 'QueueStatusComplete') this.#listing?.end.resolve()
    else if (message?.kind === 'malformed') counters.add('ami-message-malformed')
    else if (listed) this.#addListed(listed)
    else if (message) {
      this.#hasEvents = true
      if (message.kind === 'figures') {
        this.#isFiguresDue = true
        this.#notifier.notify()
      }
      onEvent(message)
    }
  }
}
