import * as v from 'valibot'
import { type Clock, realClock } from '../operate/clock.ts'
import { Bell, wait } from '../operate/wait.ts'
import type { Spool } from '../spool/spool.ts'
import type { Delivery, Destination } from './delivery.ts'
import type { Packer } from './pack.ts'
import { timeOf } from './time-of.ts'

/** Read and packed at a time, in a millisecond: news goes between two of them. It packs to about 8 KB. */
const readBytesMax = 128 * 1024
/** News that takes longer than this is not the processor's fault, and the backlog goes on. */
const asideMsMax = 20
/** Bodies of one call to SQS, together about one request that it bills. */
const bodiesAtOnce = 8
/** The cloud keeps a call's time line for 30 days: what is older would be gone as it arrives. */
const ageMsMax = 30 * 86_400_000
/** Entities touched by late facts; beyond, everything is asserted anew instead. */
const touchedMax = 20_000

/** The last that was told late of one entity. */
export interface Touched {
  type: string
  subject: string
  line: string
}

export interface LateLaneParts {
  to: Destination
  packer: Packer
  delivery: Delivery
  spool: Pick<Spool, 'read'>
  clock?: Clock
  /** News is on its way to the disk or to SQS. */
  isNewsUnderWay(): boolean
  /** So many facts were too old to be sent. */
  onTooOld(count: number): void
  onSent(from: number, to: number): void
  /** Every late fact is with SQS; the present state of what they touched is to be told. `undefined`: of everything. */
  onDrained(touched: readonly Touched[] | undefined): void
}

/** As this bridge writes every event: the two stand together, before what is told. A backlog is long, so it is not parsed. */
const nameInLine = /"type":"([^"\\]+)","subject":("(?:[^"\\]|\\.)*")/

function touchedBy(line: string): Touched {
  const [, type = '', subject = '""'] = nameInLine.exec(line) ?? []
  return { type, subject: v.parse(v.string(), JSON.parse(subject)), line }
}

/** Facts that could not be sent while they were news: read back from the spool and sent, complete and in order, by `records`. */
export class LateLane {
  readonly #parts: LateLaneParts
  readonly #bell: Bell
  readonly #ranges: [number, number][] = []
  /** The last line of each, by how it names its entity. */
  #touched = new Map<string, string>()
  #isTouchedWhole = false

  constructor(parts: LateLaneParts) {
    this.#parts = parts
    this.#bell = new Bell(parts.clock ?? realClock)
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
    this.#bell.ring()
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const range = this.#ranges[0]
      if (!range) await this.#bell.heard(signal)
      else if (await this.#sendSome(range, signal)) this.#drainedIfEmpty()
    }
  }

  async #sendSome(range: [number, number], signal: AbortSignal): Promise<boolean> {
    const [from, to] = range
    const bodies: string[] = []
    let end = from
    while (end < to && bodies.length < bodiesAtOnce) {
      end = await this.#packSome(end, to, bodies)
      await this.#letNewsPass(signal)
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
    while (this.#parts.isNewsUnderWay() && clock.monotonicMs() < untilMs && !signal.aborted)
  }

  /** Adds a body, or none if all that was read is too old; answers where the next begins. */
  async #packSome(from: number, to: number, bodies: string[]): Promise<number> {
    const read = await this.#parts.spool.read(from, to, readBytesMax)
    const oldestMs = (this.#parts.clock ?? realClock).nowMs() - ageMsMax
    const texts = read.map(({ number, payload }) => ({ number, line: payload.toString('utf8') }))
    const records = texts.filter(({ line }) => !(timeOf(line) < oldestMs))
    const lines = records.map(({ line }) => line)
    let last = texts.at(-1)
    if (lines.length > 0) {
      const { body, count } = this.#parts.packer.pack(this.#parts.to.lane, lines)
      bodies.push(body)
      if (count < lines.length) last = records[count - 1]
      for (const line of lines.slice(0, count)) this.#touch(line)
    }
    // A range with nothing whole left in it is done too: what is damaged was counted at recovery.
    const end = last && last.number + 1 < to ? last.number + 1 : to
    const isBefore = ({ number }: { number: number }) => number < end
    const tooOld = texts.filter(isBefore).length - records.filter(isBefore).length
    if (tooOld > 0) this.#parts.onTooOld(tooOld)
    return end
  }

  #touch(line: string): void {
    if (this.#isTouchedWhole) return
    this.#touched.set(nameInLine.exec(line)?.[0] ?? '', line)
    if (this.#touched.size > touchedMax) this.#isTouchedWhole = true
  }

  #drainedIfEmpty(): void {
    if (this.#ranges.length > 0) return
    const touched = this.#isTouchedWhole ? undefined : [...this.#touched.values()].map(touchedBy)
    this.#touched = new Map()
    this.#isTouchedWhole = false
    this.#parts.onDrained(touched)
  }
}
