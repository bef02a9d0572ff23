import { exitStatus, FatalError } from '../failure.ts'
import type { Snapshot } from '../normalise/ari-objects.ts'
import { filteredTypes } from '../normalise/event-types.ts'
import type { AriEvent } from '../normalise/events.ts'
import { readFrame } from '../normalise/frames.ts'
import { type Clock, realClock } from '../operate/clock.ts'
import type { Counters } from '../operate/counters.ts'
import { describeError, type Log } from '../operate/log.ts'
import { wait } from '../operate/wait.ts'
import type { Quarantine } from '../spool/quarantine.ts'
import type { AriLink, AriRequests } from './ari-connection.ts'
import { type AriAddress, AriRefusedError, AriUnreachableError } from './ari-errors.ts'
import { type BufferedEvent, EventBuffer } from './event-buffer.ts'
import { dropped, hasApplication, watchLiveness } from './liveness.ts'
import { OddFrames } from './odd-frames.ts'
import { OddInput } from './odd-input.ts'
import { ReconnectPolicy } from './reconnect-policy.ts'
import { readSnapshot, withEntries } from './resynchronise.ts'
import { StartLimit } from './start-limit.ts'
import { sweep } from './sweep.ts'

/** The same failure is logged at most this often: an Asterisk that is down for a day is tried twice a second. */
const logAgainMs = 60_000
/** An Asterisk that hung accepts the connections that waited meanwhile within this, each in place of the one before it. */
const staleMsMax = 10_000

export interface IntakeDependencies {
  ari: AriAddress
  link: AriLink
  counters: Counters
  quarantine: Quarantine
  log: Log
  clock?: Clock
  /** A new connection: the state of the PBX, and a function that ends buffering and returns the events buffered since. */
  onConnected(snapshot: Snapshot, takeBuffered: () => AriEvent[], gapReason: string | undefined): Promise<void>
  onEvent(event: AriEvent): void
  /** Returns one name for each difference between the bridge's state and the snapshot. */
  differences(snapshot: Snapshot): string[]
  /** An event that Asterisk may have kept while there was no connection; the buffered events include it again. */
  onReplayed(event: AriEvent): void
  /** `lastSeenMs`, Unix milliseconds, is when Asterisk last sent anything. */
  onDisconnected(lastSeenMs: number): void
  /** The PBX was not reached within the time limit of a start. Called again with each attempt until it is. */
  onNotReached?(failure: FatalError): Promise<void>
}

/** Receives Asterisk's events, over one connection after the other. Frames are handled at once, never queued. */
export class AriIntake {
  readonly #dependencies: IntakeDependencies
  readonly #clock: Clock
  #buffer: EventBuffer | undefined
  #hasConnected = false
  /** Whether the present attempt has a connection. */
  #isOpen = false
  /** Attempts that failed since the last good connection: Asterisk may still take up one that this side has given up. */
  #attempts = 0
  #openedMs = 0
  #failure: string | undefined
  #logged = { reason: '', atMs: Number.NEGATIVE_INFINITY }
  readonly #odd: OddInput
  readonly #oddFrames: OddFrames

  constructor(dependencies: IntakeDependencies) {
    this.#dependencies = dependencies
    this.#clock = dependencies.clock ?? realClock
    this.#odd = new OddInput(dependencies.counters, dependencies.log)
    this.#oddFrames = new OddFrames(dependencies)
  }

  /** Why there is no connection, or why the one before ended; `undefined` before the first attempt failed. */
  get failure(): string | undefined {
    return this.#failure
  }

  /**
   * Runs until the signal aborts, also without a PBX. `onFirst` is called with the first connection; `onNotReached` before it, if the PBX
   * was not reached in time. Throws FatalError if an attempt before it shows a wrong setting, or if another client takes the application.
   */
  async run(signal: AbortSignal, onFirst: () => void, onNotReached: () => void = () => undefined): Promise<void> {
    const policy = new ReconnectPolicy(this.#clock.random, this.#clock.monotonicMs)
    const start = new StartLimit(this.#dependencies.ari, this.#clock)
    let gapReason: string | undefined
    while (!signal.aborted) {
      const begunMs = this.#clock.monotonicMs()
      let waitMs: number
      try {
        gapReason = await this.#connection(gapReason, signal, onFirst)
        if (this.#clock.monotonicMs() - this.#openedMs >= staleMsMax) this.#attempts = 0
        this.#failure = gapReason
        this.#dependencies.counters.add('ari-disconnected')
        this.#dependencies.log.warn('ari disconnected', { reason: gapReason })
        waitMs = policy.nextMs(this.#clock.monotonicMs() - begunMs)
      } catch (error) {
        if (signal.aborted) return
        if (error instanceof FatalError) throw error
        this.#attempts += 1
        this.#noteFailure(describeError(error))
        waitMs = policy.afterFailureMs(error, { isOpen: this.#isOpen, livedMs: this.#clock.monotonicMs() - begunMs })
        const failure = this.#hasConnected ? undefined : start.failure(error)
        if (failure) {
          await this.#dependencies.onNotReached?.(failure)
          onNotReached()
        }
      }
      // An Asterisk that dials the bridge has its own backoff.
      const isDialled = this.#dependencies.link.direction === 'outbound'
      await wait(isDialled ? 0 : waitMs, signal, this.#clock)
    }
  }

  #noteFailure(reason: string): void {
    this.#failure = reason
    this.#dependencies.counters.add('ari-connect-failed')
    const atMs = this.#clock.monotonicMs()
    if (reason === this.#logged.reason && atMs - this.#logged.atMs < logAgainMs) return
    this.#logged = { reason, atMs }
    this.#dependencies.log.warn('ari not connected', { reason })
  }

  /** Runs one connection to its end and returns why it ended. */
  async #connection(gapReason: string | undefined, signal: AbortSignal, onFirst: () => void): Promise<string> {
    const { link, log } = this.#dependencies
    const buffer = new EventBuffer()
    this.#buffer = buffer
    const failure = new AbortController()
    this.#isOpen = false
    const socket = await link.connect((frame) => this.#take(frame, failure), signal)
    this.#isOpen = true
    this.#openedMs = this.#clock.monotonicMs()
    const ended = AbortSignal.any([signal, failure.signal])
    ended.addEventListener('abort', () => socket.close(), { once: true })
    try {
      const whileOpen = new AbortController()
      void socket.closed.then(() => whileOpen.abort())
      const reading = AbortSignal.any([ended, whileOpen.signal])
      await this.#setFilter(socket.requests, reading)
      const read = await readSnapshot(socket.requests, reading, this.#odd)
      const snapshot = this.#hasConnected ? read : await withEntries(read, socket.requests, reading, this.#odd)
      await this.#dependencies.onConnected(snapshot, () => this.#endBuffering(buffer), gapReason)
      this.#hasConnected = true
      log.info('ari connected', { endpoints: snapshot.endpoints.length, channels: snapshot.channels.length })
      onFirst()
      void this.#sweep(socket.requests, failure, reading)
      const { application } = this.#dependencies.ari
      void watchLiveness(socket.requests, application, reading, this.#clock).then((why) => why && failure.abort(why))
      const reason = await socket.closed
      if (failure.signal.reason instanceof FatalError) throw failure.signal.reason
      return failure.signal.aborted ? String(failure.signal.reason) : reason
    } catch (error) {
      throw failure.signal.reason instanceof FatalError ? failure.signal.reason : error
    } finally {
      socket.close()
      // Frees the listeners of this connection's signals, which otherwise live as long as the process.
      failure.abort()
      this.#dependencies.onDisconnected(socket.lastSeenMs)
    }
  }

  async #sweep(requests: AriRequests, failure: AbortController, signal: AbortSignal): Promise<void> {
    const { counters, log, differences } = this.#dependencies
    const found = await sweep(requests, { counters, log, clock: this.#clock, odd: this.#odd, differences }, signal)
    if (found === 0) return
    counters.add('sweep-differed', found)
    log.warn('sweep-differed', { entities: found })
    failure.abort('a sweep found changes without an event')
  }

  #endBuffering(buffer: EventBuffer): AriEvent[] {
    this.#buffer = undefined
    return buffer.events()
  }

  #take(bytes: Buffer, failure: AbortController): void {
    const frame = readFrame(bytes)
    if (frame.kind === 'ignored') return
    if (frame.kind === 'event' && frame.repaired !== undefined) this.#odd.onEvent(frame.repaired)
    if (frame.kind === 'malformed') this.#oddFrames.onMalformed(bytes, frame.reason)
    else if (frame.kind === 'unknown') this.#oddFrames.onUnknown(bytes, frame.type)
    else if (frame.event.type === 'ApplicationReplaced') failure.abort(this.#replaced())
    else if (!this.#buffer) this.#dependencies.onEvent(frame.event)
    else this.#hold(this.#buffer, { event: frame.event, bytes: bytes.length }, failure)
  }

  /** Returns why Asterisk gave the application to another connection: an own one, given up before, or a foreign one. */
  #replaced(): FatalError | string {
    const isOwn = this.#attempts > 0 && this.#clock.monotonicMs() - this.#openedMs < staleMsMax
    if (!isOwn) return replaced(this.#dependencies.ari.application)
    // Each attempt can do so once: after them, it is another client.
    this.#attempts -= 1
    return 'an earlier attempt to connect took the place'
  }

  /** Replayed events may be more than the buffer holds: they are published at once, and only the newest are buffered. */
  #hold(buffer: EventBuffer, { event, bytes }: BufferedEvent, failure: AbortController): void {
    buffer.push(event, bytes)
    const isReplay = this.#dependencies.link.direction === 'outbound'
    if (isReplay) this.#dependencies.onReplayed(event)
    if (!buffer.isFull) return
    if (isReplay) buffer.dropOlderHalf()
    else failure.abort('too many events during the resynchronisation')
  }

  /** Asterisk forgets the filter with each connection. A version without filters sends more events, which readFrame ignores. */
  async #setFilter(requests: AriRequests, signal: AbortSignal): Promise<void> {
    const application = encodeURIComponent(this.#dependencies.ari.application)
    const filter = { disallowed: filteredTypes.map((type) => ({ type })) }
    try {
      await requests.put(`/applications/${application}/eventFilter`, filter, signal)
    } catch (error) {
      if (!(error instanceof AriRefusedError) || error.status !== 404) throw error
      if (!(await hasApplication(requests, this.#dependencies.ari.application, signal)))
        throw new AriUnreachableError(dropped)
      this.#dependencies.counters.add('ari-filter-missing')
      this.#dependencies.log.warn('ari-filter-missing')
    }
  }
}

function replaced(application: string): FatalError {
  const sentence = `another client has taken the ARI application ${application}, so Asterisk no longer sends events to this bridge: stop that client, or change ari.application of one of them`
  return new FatalError('ari-application-replaced', exitStatus.unavailable, sentence)
}
