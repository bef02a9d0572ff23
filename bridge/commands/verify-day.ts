import { momentSeconds } from '../../contracts/cdr.ts'
import { checksumOf, printOf, printsPerPart } from '../../contracts/cdr-digest.ts'
import type { VerifyDayCommand } from '../../contracts/commands.ts'
import { bridgeSource, type CdrDigestEvent, type CdrEvent } from '../../contracts/events.ts'
import type { SiteId } from '../../contracts/names.ts'
import { linesSince, reachesBefore } from '../asterisk/cdr-day.ts'
import type { Delivery, Destination } from '../forward/delivery.ts'
import type { Packer } from '../forward/pack.ts'
import { readCdrRecord } from '../normalise/cdr-record.ts'
import type { Counters } from '../operate/counters.ts'
import { describeError, type Log } from '../operate/log.ts'

export interface VerifyDayDependencies {
  site: SiteId
  cdrFile: string
  /** Of the times in CSV; absent: this machine's. */
  zone?: string | undefined
  to: Destination
  packer: Packer
  delivery: Pick<Delivery, 'deliver'>
  counters: Counters
  log: Log
}

/** A PBX of 3 calls a second all day. What a day has beyond it is not told: then count and checksum say so. */
const cdrsMax = 250_000
/** CDRs are sent again in portions of this many. */
const resendAtOnce = 2_000
const dayMs = 86_400_000

/** Tells the cloud what the PBX's own file has of a day, one day after the other, beside all else the bridge does. */
export class VerifyDays {
  readonly #parts: VerifyDayDependencies
  #busy: Promise<void> = Promise.resolve()
  #waiting = 0
  constructor(parts: VerifyDayDependencies) {
    this.#parts = parts
  }

  /** Asked while ten wait, it does nothing: the cloud asks again when it is not answered. */
  offer(command: VerifyDayCommand, signal: AbortSignal): void {
    if (this.#waiting >= 10) return
    this.#waiting += 1
    this.#busy = this.#busy.then(async () => {
      this.#waiting -= 1
      if (signal.aborted) return
      try {
        await tellDay(command, this.#parts, signal)
      } catch (error) {
        this.#parts.counters.add('verify-day-failed')
        this.#parts.log.warn('day not told', { reason: describeError(error) })
      }
    })
  }

  async idle(): Promise<void> {
    await this.#busy
  }
}

async function tellDay(command: VerifyDayCommand, parts: VerifyDayDependencies, signal: AbortSignal): Promise<void> {
  const { site, to, delivery, packer, counters, log } = parts
  const day = await readDay(command, parts)
  const prints = [...day.events.keys()].sort()
  const pack = async (events: readonly object[]) => {
    const lines = events.map((event) => Buffer.from(JSON.stringify(event)))
    const bodies: string[] = []
    for (let packed = 0; packed < lines.length; ) {
      const { body, count } = packer.pack(to.lane, lines.slice(packed))
      bodies.push(body)
      packed += count
    }
    return delivery.deliver(to, bodies, signal)
  }
  if (command.resend) {
    const events = [...day.events.values()]
    for (let from = 0; from < events.length; from += resendAtOnce) {
      if (!(await pack(events.slice(from, from + resendAtOnce)))) return
    }
  }
  if (!(await pack(digests(site, command, prints, day.since)))) return
  counters.add('day-told')
  log.info('day told', { from: command.from, cdrs: prints.length, resent: command.resend })
}

interface Day {
  /** By print, so that a line that stands in two files is one. */
  events: Map<string, CdrEvent>
  since: string | undefined
}

async function readDay(
  { from, to }: VerifyDayCommand,
  { site, cdrFile, zone = ownZone() }: VerifyDayDependencies,
): Promise<Day> {
  const [first, end] = [Date.parse(from), Date.parse(to)]
  const events = new Map<string, CdrEvent>()
  let oldest = Number.POSITIVE_INFINITY
  // A line tells its start by the PBX's clock, at most 14 hours from UTC: others need not be parsed.
  const dates: string[] = []
  for (let at = first - dayMs; at <= end + dayMs; at += dayMs) dates.push(new Date(at).toISOString().slice(0, 10))
  for await (const line of linesSince(cdrFile, first)) {
    const isNear = dates.some((date) => line.includes(date))
    if (!isNear && oldest < first) continue
    for (const part of readCdrRecord(site, line, zone)) {
      if (part.line.kind !== 'cdr') continue
      const start = 1000 * momentSeconds(part.line.event.data.cdr.start)
      oldest = Math.min(oldest, start)
      if (start >= first && start < end && events.size < cdrsMax) {
        events.set(printOf(part.line.event.data.cdr), part.line.event)
      }
    }
  }
  const reaches = oldest < first || (await reachesBefore(cdrFile, first))
  return { events, since: reaches || oldest === Number.POSITIVE_INFINITY ? undefined : new Date(oldest).toISOString() }
}

function digests(
  site: SiteId,
  { run, day, from, to }: VerifyDayCommand,
  prints: readonly string[],
  since: string | undefined,
): CdrDigestEvent[] {
  const parts = Math.max(1, Math.ceil(prints.length / printsPerPart))
  const whole = {
    run,
    day,
    from,
    to,
    parts,
    count: prints.length,
    checksum: checksumOf(prints),
    ...(since && { since }),
  }
  return Array.from({ length: parts }, (_, part) => ({
    specversion: '1.0',
    id: `${site}/cdr-digest/${run}/${part}`,
    source: bridgeSource(site),
    subject: from,
    type: 'switchhook.cdr-digest.v1',
    time: new Date().toISOString(),
    data: { ...whole, part, prints: prints.slice(part * printsPerPart, (part + 1) * printsPerPart) },
  }))
}

function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}
