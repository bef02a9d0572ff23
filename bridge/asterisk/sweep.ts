import type { Snapshot } from '../normalise/ari-objects.ts'
import type { Clock } from '../operate/clock.ts'
import type { Counters } from '../operate/counters.ts'
import { describeError, type Log } from '../operate/log.ts'
import { wait } from '../operate/wait.ts'
import type { AriRequests } from './ari-connection.ts'
import { type OddItems, readSnapshot } from './resynchronise.ts'

/** For 300 extensions: 300 requests in a quarter of a second, each 5 minutes. */
const sweepMs = 300_000
/** A difference whose event is still on its way disappears within this. */
const settleMs = 2000

export interface SweepDependencies {
  counters: Counters
  log: Log
  clock: Clock
  odd: OddItems
  /** Returns one name for each difference between the bridge's state and the snapshot, with its value. */
  differences(snapshot: Snapshot): string[]
}

/**
 * Compares the bridge's state with Asterisk's again and again while a connection is open. Resolves with the number of
 * differences that were found twice in the same way, or with 0 when the connection has ended. A difference means that an
 * event was lost, so the caller must resynchronise.
 */
export async function sweep(
  requests: AriRequests,
  dependencies: SweepDependencies,
  signal: AbortSignal,
): Promise<number> {
  const { counters, log, clock, odd } = dependencies
  while (!signal.aborted) {
    await wait(sweepMs, signal, clock)
    if (signal.aborted) return 0
    try {
      const first = new Set(dependencies.differences(await readSnapshot(requests, signal, odd)))
      if (first.size === 0) continue
      await wait(settleMs, signal, clock)
      const again = dependencies
        .differences(await readSnapshot(requests, signal, odd))
        .filter((name) => first.has(name))
      if (again.length > 0) return again.length
    } catch (error) {
      // The next sweep tries again; an ended connection aborts the signal.
      counters.add('sweep-failed')
      log.warn('sweep-failed', { reason: describeError(error) })
    }
  }
  return 0
}
