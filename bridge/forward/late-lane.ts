import * as v from 'valibot'
import { type Clock, realClock } from '../operate/clock.ts'
import { Bell, wait } from '../operate/wait.ts'
import type { Spool } from '../spool/spool.ts'
import type { Delivery, Destination } from './delivery.ts'
import type { Packer } from './pack.ts'
import { bodiesPerCallMax } from './sender.ts'
import { timeOf } from './time-of.ts'

/** Read at a time: some three bodies, and what this lane holds in memory. More would keep news waiting while it is packed. */
const readBytesMax = 1024 * 1024
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
  /** So many facts were too old to be sent. */
  onTooOld(count: number): void
  onSent(from: number, to: number): void
  /** Every late fact is with SQS; the present state of what they touched is to be told. `undefined`: of everything. */
  onDrained(touched: readonly Touched[] | undefined): void
}

/** As this bridge writes every event: the two stand together, before what is told. A backlog is long, so it is not parsed. */
const nameInLine = /"type":"([^"\\]+)","subject":("(?:[^"\\]|\\.)*")/

function nameOf(line: string): { type: string; subject: string } {
  const [, type = '', subject = '""'] = nameInLine.exec(line) ?? []
  return { type, subject: v.parse(v.string(), JSON.parse(subject)) }
}

/** Facts that could not be sent while they were news: read back from the spool and sent, complete and in order, by `records`. */
export class LateLane {
  readonly #parts: LateLaneParts
  readonly #bell: Bell
  readonly #ranges: [number, number][] = []
  #touched = new Map<string, Touched>()
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
    const read = await this.#parts.spool.read(from, to, readBytesMax)
    const oldestMs = (this.#parts.clock ?? realClock).nowMs() - ageMsMax
    const texts = read.map(({ number, payload }) => ({ number, line: payload.toString('utf8') }))
    const records = texts.filter(({ line }) => !(timeOf(line) < oldestMs))
    if (records.length < texts.length) this.#parts.onTooOld(texts.length - records.length)
    const lines = records.map(({ line }) => line)
    const bodies: string[] = []
    let packed = 0
    while (packed < lines.length && bodies.length < bodiesPerCallMax) {
      const { body, count } = this.#parts.packer.pack(this.#parts.to.lane, lines.slice(packed))
      bodies.push(body)
      packed += count
      // News goes between two bodies.
      await wait(0, signal, this.#parts.clock)
    }
    if (!(await this.#parts.delivery.deliver(this.#parts.to, bodies, signal))) return false
    for (const line of lines.slice(0, packed)) this.#touch(line)
    // A range with nothing whole left in it is done too: what is damaged was counted at recovery.
    const last = packed < records.length ? records[packed - 1] : texts.at(-1)
    const end = last && last.number + 1 < to ? last.number + 1 : to
    this.#parts.onSent(from, end)
    range[0] = end
    // Looked at anew: the range may have grown while its beginning was sent.
    if (end >= range[1]) this.#ranges.shift()
    return true
  }

  #touch(line: string): void {
    if (this.#isTouchedWhole) return
    const { type, subject } = nameOf(line)
    this.#touched.set(`${type} ${subject}`, { type, subject, line })
    if (this.#touched.size > touchedMax) this.#isTouchedWhole = true
  }

  #drainedIfEmpty(): void {
    if (this.#ranges.length > 0) return
    const touched = this.#isTouchedWhole ? undefined : [...this.#touched.values()]
    this.#touched = new Map()
    this.#isTouchedWhole = false
    this.#parts.onDrained(touched)
  }
}
