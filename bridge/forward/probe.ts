import { type CloudClock, refusedMs } from '../operate/cloud-clock.ts'
import { describeError, type Log } from '../operate/log.ts'
import type { Sender } from './sender.ts'
import { sqsFault, startErrorFor } from './sqs-errors.ts'

/** A first try with the time of this machine, a second with that of the cloud, a third if the clock was set in between. */
const triesMax = 3
/** A correction of less cannot have been why a signature was refused. */
const correctedMs = 60_000

export interface ProbeDependencies {
  sender: Pick<Sender, 'probe'>
  log: Log
  clock: CloudClock
  /** Whether expired credentials are replaced: by a session of the cloud, or by the program that renews the file. */
  canRenew: boolean
}

/** What SQS says of a queue. `denied`: it exists, and the role may send only, as that of a bridge. */
export type Probed = { kind: 'reached' } | { kind: 'denied' | 'unchecked'; reason: string }

export const queueNames = ['live', 'records'] as const

/**
 * Checks the queues when the bridge starts. Throws FatalError for a missing queue or rejected credentials. An unreachable
 * queue is only logged: spool and CDR file keep the data until it is back. So is a denial, and what a wrong clock explains: it
 * is corrected, or will be set.
 */
export async function probeQueues(
  queues: { live: string; records: string },
  dependencies: ProbeDependencies,
): Promise<void> {
  for (const name of queueNames) {
    const probed = await probeQueue(name, queues[name], dependencies)
    if (probed.kind !== 'reached') dependencies.log.warn('queue not checked', { queue: name, reason: probed.reason })
  }
}

/** Asks SQS for one queue, again if the clock of this machine was why it refused. Throws FatalError as `probeQueues` does. */
export async function probeQueue(
  name: string,
  url: string,
  { sender, log, clock, canRenew }: ProbeDependencies,
): Promise<Probed> {
  for (let tries = 1; ; tries += 1) {
    const { offsetMs } = clock
    try {
      await sender.probe(url)
      return { kind: 'reached' }
    } catch (error) {
      const failure = startErrorFor(error, name, url)
      const fault = sqsFault(error)
      const ofCredentials = fault === 'credentials' || fault === 'expired'
      // Credentials of other programs can look expired without a request, so there may be no answer yet.
      if (ofCredentials && !clock.isKnown) await clock.ask(url)
      const isCorrected = Math.abs(clock.offsetMs - offsetMs) > correctedMs
      const isRenewed = fault === 'expired' && canRenew
      if (ofCredentials && tries < triesMax && (isCorrected || isRenewed)) {
        if (isCorrected) log.warn('clock-wrong', { queue: name, reason: clock.fault, error: describeError(error) })
        continue
      }
      const isOfClock = ofCredentials && Math.abs(clock.offsetMs) > refusedMs
      if (failure && !isRenewed && !isOfClock) throw failure
      return { kind: fault === 'denied' ? 'denied' : 'unchecked', reason: clock.fault ?? describeError(error) }
    }
  }
}
