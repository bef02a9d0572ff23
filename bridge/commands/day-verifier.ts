import { momentSeconds } from '../../contracts/cdr.ts'
import { checksumOf, printOf, printsPerPart } from '../../contracts/cdr-digest.ts'
import type { VerifyDayCommand } from '../../contracts/commands.ts'
import { bridgeSource, type CdrDigestEvent, type CdrEvent } from '../../contracts/events.ts'
import type { SiteId } from '../../contracts/names.ts'
import { linesSince, reachesBefore } from '../asterisk/cdr-day.ts'
import type { Delivery, Destination } from '../forward/delivery.ts'
import type { Packer } from '../forward/pack.ts'
import { cdrFormat, readCdrRecord } from '../normalise/cdr-record.ts'
import type { Counters } from '../operate/counters.ts'
import { describeError, type Log } from '../operate/log.ts'

export interface DayVerifierDependencies {
  site: SiteId
  cdrFile: string
  /** IANA time zone of times in CSV lines. Default: this machine's. */
  zone?: string | undefined
  to: Destination
  packer: Packer
  delivery: Pick<Delivery, 'deliver'>
  counters: Counters
  log: Log
}

/** A PBX with 3 calls a second all day. Further CDRs of a day are left out; count and checksum then differ from the cloud's. */
const cdrsMax = 250_000
/** Number of CDRs packed at a time when a day is sent again. */
const resendBatchSize = 2_000
const waitingDaysMax = 10
const dayMs = 86_400_000

/** Sends the cloud a digest of a day's CDRs in Asterisk's own file, one day after the other, in the background. */
export class DayVerifier {
  readonly #dependencies: DayVerifierDependencies
  #busy: Promise<void> = Promise.resolve()
  #waiting = 0
  constructor(dependencies: DayVerifierDependencies) {
    this.#dependencies = dependencies
  }

  /** Queues a day; ignores the command if ten days wait. The cloud repeats a command without an answer. */
  offer(command: VerifyDayCommand, signal: AbortSignal): void {
    if (this.#waiting >= waitingDaysMax) return
    this.#waiting += 1
    this.#busy = this.#busy.then(async () => {
      this.#waiting -= 1
      if (signal.aborted) return
      try {
        await publishDay(command, this.#dependencies, signal)
      } catch (error) {
        this.#dependencies.counters.add('verify-day-failed')
        this.#dependencies.log.warn('verifying a day failed', { reason: describeError(error) })
      }
    })
  }

  async idle(): Promise<void> {
    await this.#busy
  }
}

async function publishDay(
  command: VerifyDayCommand,
  dependencies: DayVerifierDependencies,
  signal: AbortSignal,
): Promise<void> {
  const { site, to, delivery, packer, counters, log } = dependencies
  const day = await readDay(command, dependencies)
  const prints = [...day.events.keys()].sort()
  const send = async (events: readonly object[]) => {
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
    for (let from = 0; from < events.length; from += resendBatchSize) {
      if (!(await send(events.slice(from, from + resendBatchSize)))) return
    }
  }
  if (!(await send(digests(site, command, prints, day.since)))) return
  counters.add('day-told')
  log.info('day verified', { from: command.from, cdrs: prints.length, resent: command.resend })
}

interface Day {
  /** Events by fingerprint, so that a line in two files counts once. */
  events: Map<string, CdrEvent>
  since: string | undefined
}

async function readDay({ from, to }: VerifyDayCommand, { site, cdrFile, zone }: DayVerifierDependencies): Promise<Day> {
  const [first, end] = [Date.parse(from), Date.parse(to)]
  const events = new Map<string, CdrEvent>()
  let oldest = Number.POSITIVE_INFINITY
  // A line contains its start in the PBX's time, at most 14 hours from UTC. Lines with other dates are not parsed.
  const dates: string[] = []
  for (let at = first - dayMs; at <= end + dayMs; at += dayMs) dates.push(new Date(at).toISOString().slice(0, 10))
  const format = cdrFormat(zone)
  for await (const line of linesSince(cdrFile, first)) {
    const isNear = dates.some((date) => line.includes(date))
    if (!isNear && oldest < first) continue
    for (const part of readCdrRecord(site, line, format)) {
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
