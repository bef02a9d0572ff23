import { type Clock, realClock } from '../operate/clock.ts'
import { Notifier, wait } from '../operate/wait.ts'
import type { SpoolRecord } from '../spool/segment.ts'
import type { Spool } from '../spool/spool.ts'
import type { Delivery, Destination } from './delivery.ts'
import { entityKeyOf, entityOf, findGaps, timestampOf } from './event-line.ts'
import type { Packer } from './pack.ts'

/** Read and packed at a time, in a millisecond: news goes between two of them. It packs to about 8 KB. */
const readBytesMax = 128 * 1024
/** News that takes longer than this is not the processor's fault, and the backlog goes on. */
const asideMsMax = 20
/** Bodies of one call to SQS, together about one request that it bills. */
const bodiesAtOnce = 8
/** The cloud keeps a call's time line for 30 days: what is older would be gone as it arrives. */
const ageMsMax = 30 * 86_400_000
/** Entities touched by late facts, a megabyte of lines; beyond, everything is told anew instead, under a new epoch. */
const touchedMax = 2000

/** The last that was told late of one entity. */
export interface LateFact {
  type: string
  subject: string
  line: string
}

export interface LateLaneDependencies {
  to: Destination
  packer: Packer
  delivery: Delivery
  spool: Pick<Spool, 'read'>
  clock?: Clock
  /** News is on its way to the disk or to SQS. */
  isLiveLaneBusy(): boolean
  /** So many facts were too old to be sent. */
  onTooOld(count: number): void
  onSent(from: number, to: number): void
  /**
   * Every late fact is with SQS; the present state of what they touched is to be told. `isEverything`: so much was that all
   * there is is to be told, and of what was touched only the gaps are named.
   */
  onDrained(touched: readonly LateFact[], isEverything: boolean): void
}

function touchedBy(bytes: string): LateFact {
  const line = Buffer.from(bytes, 'latin1').toString('utf8')
  return { ...entityOf(line), line }
}

/** Facts that could not be sent while they were news: read back from the spool and sent, complete and in order, by `records`. */
export class LateLane {
  readonly #parts: LateLaneDependencies
  readonly #notifier: Notifier
  readonly #ranges: [number, number][] = []
  /** The bytes of each one's last line as Latin-1, by how it names its entity. */
  readonly #touched = new Map<string, string>()
  /** Likewise; each is to be told, and none stands for another. */
  #gaps: string[] = []
  #isEverything = false

  constructor(parts: LateLaneDependencies) {
    this.#parts = parts
    this.#notifier = new Notifier(parts.clock ?? realClock)
  }

  /** Records that wait, damaged ones counted too. */
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
      if (!range) await this.#notifier.wait(signal)
      else if (await this.#sendSome(range, signal)) this.#drainedIfEmpty()
    }
  }

  async #sendSome(range: [number, number], signal: AbortSignal): Promise<boolean> {
    const [from, to] = range
    const bodies: string[] = []
    let end = from
    while (end < to && bodies.length < bodiesAtOnce) {
      await this.#letNewsPass(signal)
      end = await this.#packSome(end, to, bodies)
    }
    if (!(await this.#parts.delivery.deliver(this.#parts.to, bodies, signal))) return false
    this.#parts.onSent(from, end)
    range[0] = end
    // Looked at anew: the range may have grown while its beginning was sent.
    if (end >= range[1]) this.#ranges.shift()
    return true
  }

  async #letNewsPass(signal: AbortSignal): Promise<void> {
    const clock = this.#parts.clock ?? realClock
    const untilMs = clock.monotonicMs() + asideMsMax
    do await wait(0, signal, clock)
    while (this.#parts.isLiveLaneBusy() && clock.monotonicMs() < untilMs && !signal.aborted)
  }

  /** Adds a body, or none if all that was read is too old; answers where the next begins. */
  async #packSome(from: number, to: number, bodies: string[]): Promise<number> {
    const read = await this.#parts.spool.read(from, to, readBytesMax)
    const oldest = new Date((this.#parts.clock ?? realClock).nowMs() - ageMsMax).toISOString()
    const records = read.filter(({ payload }) => timestampOf(payload) >= oldest)
    let last = read.at(-1)
    if (records.length > 0) {
      const lines = records.map(({ payload }) => payload)
      const { body, count } = this.#parts.packer.pack(this.#parts.to.lane, lines)
      bodies.push(body)
      if (count < lines.length) last = records[count - 1]
      this.#touch(lines.slice(0, count))
    }
    // A range with nothing whole left in it is done too: what is damaged was counted at recovery.
    const end = last && last.number + 1 < to ? last.number + 1 : to
    if (records.length < read.length) {
      const isBefore = ({ number }: SpoolRecord) => number < end
      const tooOld = read.filter(isBefore).length - records.filter(isBefore).length
      if (tooOld > 0) this.#parts.onTooOld(tooOld)
    }
    return end
  }

  /** Keeps the last line of each; the lines themselves hold only until the next are read. */
  #touch(lines: readonly Buffer[]): void {
    const gaps = findGaps(lines)
    this.#gaps = [...this.#gaps, ...gaps.map((gap) => gap.toString('latin1'))].slice(-touchedMax)
    if (this.#isEverything) return
    const last = new Map(lines.map((line) => [entityKeyOf(line), line]))
    for (const gap of gaps) last.delete(entityKeyOf(gap))
    for (const [name, line] of last) this.#touched.set(name, line.toString('latin1'))
    if (this.#touched.size <= touchedMax) return
    this.#isEverything = true
    this.#touched.clear()
  }

  #drainedIfEmpty(): void {
    if (this.#ranges.length > 0) return
    const touched = [...this.#gaps, ...this.#touched.values()].map(touchedBy)
    const isEverything = this.#isEverything
    this.#gaps = []
    this.#touched.clear()
    this.#isEverything = false
    this.#parts.onDrained(touched, isEverything)
  }
}
