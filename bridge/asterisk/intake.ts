import { SwitchhookError } from '../../contracts/errors.ts'
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
import { type AriAddress, AriRefusedError, startFailure } from './ari-errors.ts'
import { ReconnectPolicy } from './reconnect-policy.ts'
import { readSnapshot } from './resynchronise.ts'
import { sweep } from './sweep.ts'

/** A PBX that starts with the bridge is up within this; later it is a setting that is wrong, or a PBX that is down. */
const startMsMax = 10_000
const startRetryMs = 500
/** Events that come while REST is read: 5 s of the fastest Asterisk measured, 4,600 a second. Beyond, the connection begins anew. */
const bufferedMax = 25_000
/** Types of the future of which the first is kept. */
const unknownTypesMax = 100

export interface IntakeParts {
  ari: AriAddress
  link: AriLink
  counters: Counters
  quarantine: Quarantine
  log: Log
  clock?: Clock
  /** A new connection: what is, and the events since it stood, taken by the function once the epoch is made. */
  onConnected(snapshot: Snapshot, takeBuffered: () => AriEvent[], gapReason: string | undefined): Promise<void>
  onEvent(event: AriEvent): void
  /** What is known otherwise than the snapshot says. */
  differences(snapshot: Snapshot): string[]
  /** An event that Asterisk may have kept while there was no connection; it comes again with those buffered. */
  onReplayed(event: AriEvent): void
  /** `lastSeenMs`, Unix milliseconds, is when Asterisk last gave a sign of life. */
  onDisconnected(lastSeenMs: number): void
}

/** Asterisk's events, over one connection after the other. The frames of one are never kept waiting. */
export class AriIntake {
  readonly #parts: IntakeParts
  readonly #clock: Clock
  #buffer: AriEvent[] | undefined
  #hasConnected = false
  readonly #unknownTypes = new Set<string>()

  constructor(parts: IntakeParts) {
    this.#parts = parts
    this.#clock = parts.clock ?? realClock
  }

  /** Runs until the signal aborts. Throws FatalError if ARI is never reached in the time of a start, or is taken away. */
  async run(signal: AbortSignal, onFirst: () => void): Promise<void> {
    const policy = new ReconnectPolicy(this.#clock.random)
    const deadlineMs = this.#clock.monotonicMs() + startMsMax
    let gapReason: string | undefined
    while (!signal.aborted) {
      const begunMs = this.#clock.monotonicMs()
      try {
        gapReason = await this.#connection(gapReason, signal, onFirst)
        this.#parts.counters.add('ari-disconnected')
        this.#parts.log.warn('ari disconnected', { reason: gapReason })
      } catch (error) {
        if (signal.aborted) return
        if (error instanceof FatalError) throw error
        if (!this.#hasConnected) this.#failStart(error, deadlineMs)
        this.#parts.counters.add('ari-connect-failed')
        this.#parts.log.warn('ari not connected', { reason: describeError(error) })
      }
      // Asterisk paces its own dialling.
      const isDialled = this.#parts.link.direction === 'outbound'
      const waitMs = isDialled
        ? 0
        : this.#hasConnected
          ? policy.nextMs(this.#clock.monotonicMs() - begunMs)
          : startRetryMs
      await wait(waitMs, signal, this.#clock)
    }
  }

  #failStart(error: unknown, deadlineMs: number): void {
    const isHopeless = error instanceof SwitchhookError && !error.shouldRetry()
    if (isHopeless || this.#clock.monotonicMs() + startRetryMs > deadlineMs) throw startFailure(error, this.#parts.ari)
  }

  /** One connection from its opening to its end; the answer is why it ended. */
  async #connection(gapReason: string | undefined, signal: AbortSignal, onFirst: () => void): Promise<string> {
    const { link, log } = this.#parts
    const buffer: AriEvent[] = []
    this.#buffer = buffer
    const failure = new AbortController()
    const socket = await link.connect((frame) => this.#take(frame, failure), signal)
    const ended = AbortSignal.any([signal, failure.signal])
    ended.addEventListener('abort', () => socket.close(), { once: true })
    try {
      const whileOpen = new AbortController()
      void socket.closed.then(() => whileOpen.abort())
      const reading = AbortSignal.any([ended, whileOpen.signal])
      await this.#setFilter(socket.requests, reading)
      const snapshot = await readSnapshot(socket.requests, reading)
      await this.#parts.onConnected(snapshot, () => this.#endBuffering(buffer), gapReason)
      this.#hasConnected = true
      log.info('ari connected', { endpoints: snapshot.endpoints.length, channels: snapshot.channels.length })
      onFirst()
      void this.#sweep(socket.requests, failure, reading)
      const reason = await socket.closed
      if (failure.signal.reason instanceof FatalError) throw failure.signal.reason
      return failure.signal.aborted ? String(failure.signal.reason) : reason
    } catch (error) {
      throw failure.signal.reason instanceof FatalError ? failure.signal.reason : error
    } finally {
      socket.close()
      // What hangs on the signals of this connection would else be kept as long as the process lives.
      failure.abort()
      this.#parts.onDisconnected(socket.lastSeenMs)
    }
  }

  async #sweep(requests: AriRequests, failure: AbortController, signal: AbortSignal): Promise<void> {
    const { counters, log, differences } = this.#parts
    const found = await sweep(requests, { counters, log, clock: this.#clock, differences }, signal)
    if (found === 0) return
    counters.add('sweep-differed', found)
    log.warn('sweep-differed', { entities: found })
    failure.abort('a sweep found what no event had told')
  }

  #endBuffering(buffer: AriEvent[]): AriEvent[] {
    this.#buffer = undefined
    return buffer
  }

  #take(bytes: Buffer, failure: AbortController): void {
    const frame = readFrame(bytes)
    if (frame.kind === 'ignored') return
    if (frame.kind === 'malformed') this.#putAside('ari-frame-malformed', bytes, frame.reason)
    else if (frame.kind === 'unknown') this.#noteUnknown(bytes, frame.type)
    else if (frame.event.type === 'ApplicationReplaced') failure.abort(replaced(this.#parts.ari.application))
    else if (!this.#buffer) this.#parts.onEvent(frame.event)
    else this.#keep(this.#buffer, frame.event, failure)
  }

  /** What Asterisk kept for the bridge may be more than fits: it is told at once, and only the newest of it kept. */
  #keep(buffer: AriEvent[], event: AriEvent, failure: AbortController): void {
    buffer.push(event)
    const isReplay = this.#parts.link.direction === 'outbound'
    if (isReplay) this.#parts.onReplayed(event)
    if (buffer.length <= bufferedMax) return
    if (isReplay) buffer.splice(0, bufferedMax / 2)
    else failure.abort('too many events while reading what is')
  }

  /** Counted each time; the first of each type is kept, to see what it is. */
  #noteUnknown(bytes: Buffer, type: string): void {
    const isNew = !this.#unknownTypes.has(type) && this.#unknownTypes.size < unknownTypesMax
    if (!isNew) this.#parts.counters.add('ari-event-unknown')
    else {
      this.#unknownTypes.add(type)
      this.#putAside('ari-event-unknown', bytes, type)
    }
  }

  #putAside(errorId: string, bytes: Buffer, reason: string): void {
    const { counters, log, quarantine } = this.#parts
    counters.add(errorId)
    log.warn(errorId, { reason, bytes: bytes.length })
    if (quarantine.isBusy) {
      counters.add('quarantine-busy')
      return
    }
    quarantine.put('ari', bytes).catch((error: unknown) => {
      counters.add('quarantine-unwritable')
      log.error('quarantine-unwritable', { reason: describeError(error) })
    })
  }

  /** Gone with each subscribe-all socket, so put after each connect. An Asterisk too old for it sends more; it is dropped here. */
  async #setFilter(requests: AriRequests, signal: AbortSignal): Promise<void> {
    const application = encodeURIComponent(this.#parts.ari.application)
    const filter = { disallowed: filteredTypes.map((type) => ({ type })) }
    try {
      await requests.put(`/applications/${application}/eventFilter`, filter, signal)
    } catch (error) {
      if (!(error instanceof AriRefusedError) || error.status !== 404) throw error
      this.#parts.counters.add('ari-filter-missing')
      this.#parts.log.warn('ari-filter-missing')
    }
  }
}

function replaced(application: string): FatalError {
  const sentence = `another client has taken the ARI application ${application}, so Asterisk sends nothing here any more: stop it, or give one of the two another ari.application`
  return new FatalError('ari-application-replaced', exitStatus.unavailable, sentence)
}
