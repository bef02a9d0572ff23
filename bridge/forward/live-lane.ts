import { freshMsMax, paceHoldsMs, paceMsMin } from '../../contracts/limits.ts'
import { Backoff } from '../backoff.ts'
import { type Clock, realClock } from '../operate/clock.ts'
import type { Durations } from '../operate/metrics/durations.ts'
import { Notifier, wait } from '../operate/wait.ts'
import type { SpoolRecord } from '../spool/segment.ts'
import { type Delivery, type Destination, sendBackoff } from './delivery.ts'
import { timeMsOf } from './event-line.ts'
import type { Packer } from './pack.ts'
import { bodiesPerCallMax } from './sender.ts'

/** After this time without a message the lane sends a heartbeat, so that the cloud can tell a quiet site from a dead bridge. */
const heartbeatMs = 10_000
/** A busy lane sends one this often all the same: 43,200 messages a month, $0.05, for versions, checks and counters. */
const busyHeartbeatMs = 60_000
/** 30 s of facts at 2 MB a second. Above it, the oldest facts go to the late lane before they are late. */
const queuedBytesMax = 64 * 1024 * 1024
const sendBackoffMsMax = 5_000

export interface LiveLaneDependencies {
  to: Destination
  packer: Packer
  delivery: Delivery
  /** The lane gives up the records [from, to): the late lane has to send them. */
  onLate(from: number, to: number): void
  /** SQS has accepted the records [from, to). */
  onSent(from: number, to: number): void
  /** Returns a heartbeat event, or `undefined` before the first epoch. It is not in the spool: a lost one is not sent again. */
  heartbeat(): string | undefined
  clock?: Clock
  durations?: Durations
}

interface QueuedFact {
  number: number
  line: Buffer
  /** Unix milliseconds after which the fact is late. */
  lateAtMs: number
  /** When the lane got it, by the monotonic clock. */
  startMs: number
}

interface PackedBody {
  body: string
  facts: QueuedFact[]
}

/**
 * Sends facts while they are fresh: the first at once, then what has gathered, at most one message per pace, one SQS call at a
 * time. Cost at a pace of 100 ms: a busy PBX makes 26 million requests a month, $10.5 to send and as much to receive and
 * delete; a PBX with a call a minute makes 6 messages a call, $0.10 a month (SQS, $0.40 a million).
 */
export class LiveLane {
  readonly #dependencies: LiveLaneDependencies
  readonly #clock: Clock
  readonly #notifier: Notifier
  readonly #backoff: Backoff
  #queue: QueuedFact[] = []
  #queuedBytes = 0
  /** By the monotonic clock: a wall clock set back by an hour would stop the lane for an hour. */
  #lastSentMs = 0
  #lastHeartbeatMs = 0
  #isSending = false
  #paceMs = paceMsMin
  #paceEndsMs = 0

  constructor(dependencies: LiveLaneDependencies) {
    this.#dependencies = dependencies
    this.#clock = dependencies.clock ?? realClock
    this.#notifier = new Notifier(this.#clock)
    this.#backoff = new Backoff({ ...sendBackoff, longestMs: sendBackoffMsMax }, this.#clock.random)
  }

  get queued(): number {
    return this.#queue.length
  }

  /** Age of the oldest fact that waits, in milliseconds. */
  get lagMs(): number {
    const oldest = this.#queue[0]
    return oldest ? this.#clock.monotonicMs() - oldest.startMs : 0
  }

  /** Sets the shortest time between two messages for ten minutes. The cloud repeats the command before that. */
  setPace(paceMs: number): void {
    this.#paceMs = paceMs
    this.#paceEndsMs = this.#clock.monotonicMs() + paceHoldsMs
    this.#notifier.notify()
  }

  get paceMs(): number {
    return this.#clock.monotonicMs() < this.#paceEndsMs ? this.#paceMs : paceMsMin
  }

  /** Whether the lane is sending or about to send; false while facts only wait for the pace. */
  get isBusy(): boolean {
    return this.#isSending || (this.#queue.length > 0 && this.#msUntilDue() === 0)
  }

  offer(records: readonly SpoolRecord[]): void {
    const startMs = this.#clock.monotonicMs()
    for (const { number, payload } of records) {
      this.#queue.push({ number, line: payload, lateAtMs: timeMsOf(payload) + freshMsMax, startMs })
      this.#queuedBytes += payload.length
    }
    this.#notifier.notify()
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#lastSentMs = this.#clock.monotonicMs()
    this.#lastHeartbeatMs = this.#lastSentMs
    while (!signal.aborted) {
      if (this.#queue.length === 0) await this.#notifier.wait(signal, this.#msUntilHeartbeat())
      await wait(this.#msUntilDue(), signal, this.#clock)
      if (signal.aborted) return
      this.#giveUpLateFacts()
      const isThrough = this.#queue.length === 0 || (await this.#send(signal))
      if (isThrough && this.#msUntilHeartbeat() === 0) await this.#sendHeartbeat(signal)
    }
  }

  #msUntilDue(): number {
    return Math.max(0, this.#lastSentMs + this.paceMs - this.#clock.monotonicMs())
  }

  #msUntilHeartbeat(): number {
    const dueMs = Math.min(this.#lastSentMs + heartbeatMs, this.#lastHeartbeatMs + busyHeartbeatMs)
    return Math.max(0, dueMs - this.#clock.monotonicMs())
  }

  /** The queue is in the order of events, or nearly so: late facts are at its front. */
  #giveUpLateFacts(): void {
    const now = this.#clock.nowMs()
    let lateCount = 0
    for (const fact of this.#queue) {
      if (fact.lateAtMs > now && this.#queuedBytes <= queuedBytesMax) break
      this.#queuedBytes -= fact.line.length
      lateCount += 1
    }
    for (const [from, to] of contiguousRanges(this.#queue.splice(0, lateCount))) this.#dependencies.onLate(from, to)
  }

  /** Makes one SQS call; false if some facts have to be sent again. */
  async #send(signal: AbortSignal): Promise<boolean> {
    const packed = this.#packQueue()
    const bodies = packed.map(({ body }) => body)
    this.#isSending = true
    const rejected = await this.#dependencies.delivery.try(this.#dependencies.to, bodies, signal).finally(() => {
      this.#isSending = false
    })
    const toRetry: QueuedFact[] = []
    for (const { body, facts } of packed) {
      if (rejected.includes(body)) toRetry.push(...facts)
      else this.#noteSent(facts)
    }
    this.#queue.unshift(...toRetry)
    if (toRetry.length === 0) this.#backoff.reset()
    else await wait(this.#backoff.nextMs(), signal, this.#clock)
    return toRetry.length === 0
  }

  /** Takes facts from the front of the queue, as many as fill the bodies of one SQS call. */
  #packQueue(): PackedBody[] {
    const packed: PackedBody[] = []
    let taken = 0
    while (taken < this.#queue.length && packed.length < bodiesPerCallMax) {
      const rest = this.#queue.slice(taken)
      const lines = rest.map(({ line }) => line)
      const { body, count } = this.#dependencies.packer.pack('live', lines)
      packed.push({ body, facts: rest.slice(0, count) })
      taken += count
    }
    this.#queue.splice(0, taken)
    return packed
  }

  #noteSent(facts: readonly QueuedFact[]): void {
    this.#lastSentMs = this.#clock.monotonicMs()
    this.#queuedBytes -= facts.reduce((sum, { line }) => sum + line.length, 0)
    for (const { startMs } of facts) this.#dependencies.durations?.end('live', startMs)
    for (const [from, to] of contiguousRanges(facts)) this.#dependencies.onSent(from, to)
  }

  async #sendHeartbeat(signal: AbortSignal): Promise<void> {
    const line = this.#dependencies.heartbeat()
    if (line !== undefined) {
      const { body } = this.#dependencies.packer.pack('live', [Buffer.from(line)])
      await this.#dependencies.delivery.try(this.#dependencies.to, [body], signal)
    }
    // Set also after a failure: a heartbeat is not retried, the next one replaces it.
    this.#lastSentMs = this.#clock.monotonicMs()
    this.#lastHeartbeatMs = this.#lastSentMs
  }

  /** Resolves once the queue is empty or the signal aborts. Facts not sent by then stay in the spool. */
  async drained(signal: AbortSignal): Promise<void> {
    while (this.#queue.length > 0 && !signal.aborted) await wait(20, signal, this.#clock)
  }
}

/** Joins the facts' record numbers into ranges [from, to). */
function contiguousRanges(facts: readonly QueuedFact[]): [number, number][] {
  const ranges: [number, number][] = []
  for (const { number } of facts) {
    const last = ranges.at(-1)
    if (last && last[1] === number) last[1] = number + 1
    else ranges.push([number, number + 1])
  }
  return ranges
}
