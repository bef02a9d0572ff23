import { freshMsMax, paceHoldsMs, paceMsMin } from '../../contracts/limits.ts'
import { Backoff } from '../backoff.ts'
import { type Clock, realClock } from '../operate/clock.ts'
import { Notifier, wait } from '../operate/wait.ts'
import type { SpoolRecord } from '../spool/segment.ts'
import { type Delivery, type Destination, sendBackoff } from './delivery.ts'
import { timeMsOf } from './event-line.ts'
import type { Packer } from './pack.ts'
import { bodiesPerCallMax } from './sender.ts'

/** Silence longer than this is broken by a heartbeat, so that the cloud can tell a quiet site from a dead one. */
const heartbeatMs = 10_000
/** 30 s of 2 MB a second; beyond, the oldest are late before their time. */
const queuedBytesMax = 64 * 1024 * 1024

export interface LiveLaneDependencies {
  to: Destination
  packer: Packer
  delivery: Delivery
  /** Records [from, to) will not go by this lane. */
  onLate(from: number, to: number): void
  /** Records [from, to) are with SQS. */
  onSent(from: number, to: number): void
  /** A line that is not in the spool: lost, it is missed by no one. `undefined` before the first epoch. */
  heartbeat(): string | undefined
  clock?: Clock
}

interface Queued {
  number: number
  line: Buffer
  /** Unix milliseconds after which the fact is late. */
  lateAtMs: number
}

/**
 * Facts as they happen: the first at once, then what has gathered, once a pace. One call to SQS is under way at a time.
 * At 100 ms a busy PBX makes 26 million requests a month, $10.5 for the send and as much for receive and delete; a call a
 * minute makes 6 messages a call, $0.10 a month (SQS, $0.40 a million).
 */
export class LiveLane {
  readonly #parts: LiveLaneDependencies
  readonly #clock: Clock
  readonly #notifier: Notifier
  readonly #backoff: Backoff
  #queue: Queued[] = []
  #queuedBytes = 0
  /** By the clock that never goes back: a wall clock set back an hour would be an hour's pause. */
  #lastSentMs = 0
  #isSending = false
  #paceMs = paceMsMin
  #slowUntilMs = 0

  constructor(parts: LiveLaneDependencies) {
    this.#parts = parts
    this.#clock = parts.clock ?? realClock
    this.#notifier = new Notifier(this.#clock)
    this.#backoff = new Backoff({ ...sendBackoff, longestMs: 5000 }, this.#clock.random)
  }

  get queued(): number {
    return this.#queue.length
  }

  /** At least this between two messages, for ten minutes: who asks, asks again before. */
  setPace(paceMs: number): void {
    this.#paceMs = paceMs
    this.#slowUntilMs = this.#clock.monotonicMs() + paceHoldsMs
    this.#notifier.notify()
  }

  get paceMs(): number {
    return this.#clock.monotonicMs() < this.#slowUntilMs ? this.#paceMs : paceMsMin
  }

  /** Something is being sent, or is about to be: not what waits for its pace. */
  get isBusy(): boolean {
    return this.#isSending || (this.#queue.length > 0 && this.#dueInMs() === 0)
  }

  offer(records: readonly SpoolRecord[]): void {
    for (const { number, payload } of records) {
      this.#queue.push({ number, line: payload, lateAtMs: timeMsOf(payload) + freshMsMax })
      this.#queuedBytes += payload.length
    }
    this.#notifier.notify()
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#lastSentMs = this.#clock.monotonicMs()
    while (!signal.aborted) {
      if (this.#queue.length === 0) await this.#notifier.wait(signal, this.#heartbeatInMs())
      await wait(this.#dueInMs(), signal, this.#clock)
      if (signal.aborted) return
      this.#giveUpLate()
      if (this.#queue.length > 0) await this.#send(signal)
      else if (this.#heartbeatInMs() === 0) await this.#sendHeartbeat(signal)
    }
  }

  #dueInMs(): number {
    return Math.max(0, this.#lastSentMs + this.paceMs - this.#clock.monotonicMs())
  }

  #heartbeatInMs(): number {
    return Math.max(0, this.#lastSentMs + heartbeatMs - this.#clock.monotonicMs())
  }

  /** Facts are in the order they happened, or nearly: the late ones are at the front. */
  #giveUpLate(): void {
    const now = this.#clock.nowMs()
    let late = 0
    for (; late < this.#queue.length; late += 1) {
      const item = this.#queue[late]
      if (!item || (item.lateAtMs > now && this.#queuedBytes <= queuedBytesMax)) break
      this.#queuedBytes -= item.line.length
    }
    for (const [from, to] of runs(this.#queue.splice(0, late))) this.#parts.onLate(from, to)
  }

  async #send(signal: AbortSignal): Promise<void> {
    const parts = new Map<string, Queued[]>()
    let taken = 0
    while (taken < this.#queue.length && parts.size < bodiesPerCallMax) {
      const waiting = this.#queue.slice(taken)
      const { body, count } = this.#parts.packer.pack(
        'live',
        waiting.map((item) => item.line),
      )
      parts.set(body, waiting.slice(0, count))
      taken += count
    }
    this.#queue.splice(0, taken)
    this.#isSending = true
    const left = await this.#parts.delivery.try(this.#parts.to, [...parts.keys()], signal).finally(() => {
      this.#isSending = false
    })
    const again: Queued[] = []
    for (const [body, items] of parts) {
      if (left.includes(body)) again.push(...items)
      else this.#sent(items)
    }
    this.#queue.unshift(...again)
    if (again.length === 0) this.#backoff.reset()
    else await wait(this.#backoff.nextMs(), signal, this.#clock)
  }

  #sent(items: Queued[]): void {
    this.#lastSentMs = this.#clock.monotonicMs()
    this.#queuedBytes -= items.reduce((sum, item) => sum + item.line.length, 0)
    for (const [from, to] of runs(items)) this.#parts.onSent(from, to)
  }

  async #sendHeartbeat(signal: AbortSignal): Promise<void> {
    const line = this.#parts.heartbeat()
    if (line !== undefined) {
      const { body } = this.#parts.packer.pack('live', [Buffer.from(line)])
      await this.#parts.delivery.try(this.#parts.to, [body], signal)
    }
    // Sent or not: a heartbeat that failed is not tried again, the next one says as much.
    this.#lastSentMs = this.#clock.monotonicMs()
  }

  /** What has not been sent when the bridge stops stays in the spool. */
  async drained(signal: AbortSignal): Promise<void> {
    while (this.#queue.length > 0 && !signal.aborted) await wait(20, signal, this.#clock)
  }
}

function runs(items: readonly Queued[]): [number, number][] {
  const found: [number, number][] = []
  for (const { number } of items) {
    const last = found.at(-1)
    if (last && last[1] === number) last[1] = number + 1
    else found.push([number, number + 1])
  }
  return found
}
