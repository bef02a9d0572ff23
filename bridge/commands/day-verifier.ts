import { checksumOf, printsPerPart } from '../../contracts/cdr-digest.ts'
import type { VerifyDayCommand } from '../../contracts/commands.ts'
import { bridgeSource, type CdrDigestEvent } from '../../contracts/events.ts'
import type { SiteId } from '../../contracts/names.ts'
import type { Delivery, Destination } from '../forward/delivery.ts'
import type { Packer } from '../forward/pack.ts'
import type { Counters } from '../operate/counters.ts'
import { describeError, type Log } from '../operate/log.ts'
import { type DaySources, readDay } from './day-records.ts'

export interface DayVerifierDependencies extends DaySources {
  to: Destination
  packer: Packer
  delivery: Pick<Delivery, 'deliver'>
  counters: Counters
  log: Log
}

/** Number of CDRs packed at a time when a day is sent again. */
const resendBatchSize = 2_000
const waitingDaysMax = 10

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
  const day = await readDay(Date.parse(command.from), Date.parse(command.to), dependencies)
  // The cloud has none of the unreadable records, so that it lists each as missing.
  const prints = [...day.events.keys(), ...day.unreadable].sort()
  const send = async (events: readonly object[]) => {
    const lines = events.map((event) => Buffer.from(JSON.stringify(event)))
    const bodies = packer.packAll(to.lane, lines).map(({ body }) => body)
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
  const { size: unreadable } = day.unreadable
  log.info('day verified', { from: command.from, cdrs: prints.length, unreadable, resent: command.resend })
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
