import { type Clock, realClock } from '../operate/clock.ts'
import { Notifier, wait } from '../operate/wait.ts'
import type { SpoolRecord } from '../spool/segment.ts'
import type { Spool } from '../spool/spool.ts'
import type { Delivery, Destination } from './delivery.ts'
import { timestampOf } from './event-line.ts'
import { type LateFact, LateFacts } from './late-facts.ts'
import type { Packer } from './pack.ts'

/** Read and packed without a pause. It takes 1 ms, so that fresh facts never wait longer, and packs to about 8 KB. */
const readBytesMax = 128 * 1024
/** Longest wait for the live lane. A live lane that is busy for longer waits for the network, not for the processor. */
const yieldMsMax = 20
/** Bodies of one SQS call: together about one billed request of 64 KiB. */
const bodiesPerCall = 8
/** The cloud keeps a call's time line for 30 days: it would delete older facts on arrival. */
const ageMsMax = 30 * 86_400_000
/** An earlier time is that of a machine whose clock was not set yet: 1970, or when its system was built. */
const firstTime = '2026-01-01'

export interface LateLaneDependencies {
  to: Destination
  packer: Packer
  delivery: Delivery
  spool: Pick<Spool, 'read'>
  clock?: Clock
  /** Whether fresh facts are being written to disk or sent to SQS. */
  isLiveLaneBusy(): boolean
  /** `count` facts are dropped because they are older than 30 days. */
  onTooOld(count: number): void
  /** SQS has accepted the records [from, to), or they are dropped. */
  onSent(from: number, to: number): void
  /**
   * All late facts are sent. The bridge has to publish the current state of the entities in `facts`, or of everything if
   * `isEverything` is true; then `facts` holds only gaps.
   */
  onAllSent(facts: readonly LateFact[], isEverything: boolean): void
}

/** Sends facts that could not be sent while fresh. It reads them from the spool and sends them, complete and in order. */
export class LateLane {
  readonly #dependencies: LateLaneDependencies
  readonly #clock: Clock
  readonly #notifier: Notifier
  /** Records to send, as [from, to). */
  readonly #ranges: [number, number][] = []
  readonly #lateFacts = new LateFacts()

  constructor(dependencies: LateLaneDependencies) {
    this.#dependencies = dependencies
    this.#clock = dependencies.clock ?? realClock
    this.#notifier = new Notifier(this.#clock)
  }

  /** Number of records to send; includes records that are damaged on disk. */
  get queued(): number {
    return this.#ranges.reduce((sum, [from, to]) => sum + to - from, 0)
  }

  add(from: number, to: number): void {
    if (from >= to) return
    const last = this.#ranges.at(-1)
    if (last && last[1] === from) last[1] = to
    else this.#ranges.push([from, to])
    this.#notifier.notify()
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const range = this.#ranges[0]
      if (!range) {
        await this.#notifier.wait(signal)
      } else if ((await this.#sendSome(range, signal)) && this.#ranges.length === 0) {
        const { facts, isEverything } = this.#lateFacts.take()
        this.#dependencies.onAllSent(facts, isEverything)
      }
    }
  }

  /** Sends the first records of the range in one SQS call. False if the signal aborted it. */
  async #sendSome(range: [number, number], signal: AbortSignal): Promise<boolean> {
    const [from, to] = range
    const bodies: string[] = []
    let end = from
    while (end < to && bodies.length < bodiesPerCall) {
      await this.#yieldToLiveLane(signal)
      end = await this.#packSome(end, to, bodies)
    }
    if (!(await this.#dependencies.delivery.deliver(this.#dependencies.to, bodies, signal))) return false
    this.#dependencies.onSent(from, end)
    range[0] = end
    // Compare with range[1], not `to`: `add` may have extended the range meanwhile.
    if (end >= range[1]) this.#ranges.shift()
    return true
  }

  async #yieldToLiveLane(signal: AbortSignal): Promise<void> {
    const untilMs = this.#clock.monotonicMs() + yieldMsMax
    do await wait(0, signal, this.#clock)
    while (this.#dependencies.isLiveLaneBusy() && this.#clock.monotonicMs() < untilMs && !signal.aborted)
  }

  /** Adds a body of the first records of [from, to) to `bodies`, unless all of them are too old; returns where to go on. */
  async #packSome(from: number, to: number, bodies: string[]): Promise<number> {
    const read = await this.#dependencies.spool.read(from, to, readBytesMax)
    const oldest = new Date(this.#clock.nowMs() - ageMsMax).toISOString()
    const isTooOld = ({ payload }: SpoolRecord) => {
      const time = timestampOf(payload)
      return time < oldest && time >= firstTime
    }
    const lines = read.filter((record) => !isTooOld(record))
    const packed = lines.length > 0 && this.#dependencies.packer.pack(this.#dependencies.to.lane, lines.map(payloadOf))
    const sent = packed ? lines.slice(0, packed.count) : []
    if (packed) bodies.push(packed.body)
    const last = sent.length < lines.length ? sent.at(-1) : read.at(-1)
    // If nothing could be read, the rest of the range is damaged: skip it. Recovery has already counted it.
    const end = last && last.number + 1 < to ? last.number + 1 : to
    // Records from `end` on will be read again, and counted then.
    const dropped = read.filter((record) => record.number < end && isTooOld(record))
    if (dropped.length > 0) this.#dependencies.onTooOld(dropped.length)
    // The clock may have been set since: the current state of their entities is published all the same.
    this.#lateFacts.add([...dropped, ...sent].map(payloadOf))
    return end
  }
}

function payloadOf({ payload }: SpoolRecord): Buffer {
  return payload
}
