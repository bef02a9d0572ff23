import type { Snapshot } from '../normalise/ari-objects.ts'
import type { Clock } from '../operate/clock.ts'
import type { Counters } from '../operate/counters.ts'
import { describeError, type Log } from '../operate/log.ts'
import { wait } from '../operate/wait.ts'
import type { AriRequests } from './ari-connection.ts'
import { readSnapshot } from './resynchronise.ts'

/** 300 requests for 300 extensions, a quarter of a second of them, each 5 minutes. */
const sweepMs = 300_000
/** What differs only because its event was still under way is the same by then. */
const settleMs = 2000

export interface SweepParts {
  counters: Counters
  log: Log
  clock: Clock
  /** What the bridge holds to be otherwise than the snapshot says: one name for each thing and value. */
  differences(snapshot: Snapshot): string[]
}

/**
 * Compares what the bridge holds with what Asterisk says, for as long as a connection stands. Resolves with how many
 * things differ, twice and in the same way, or with 0 when the connection has ended. An event must have been lost then,
 * and only a resynchronisation finds out what else was.
 */
export async function sweep(requests: AriRequests, parts: SweepParts, signal: AbortSignal): Promise<number> {
  const { counters, log, clock } = parts
  while (!signal.aborted) {
    await wait(sweepMs, signal, clock)
    if (signal.aborted) return 0
    try {
      const first = new Set(parts.differences(await readSnapshot(requests, signal)))
      if (first.size === 0) continue
      await wait(settleMs, signal, clock)
      const again = parts.differences(await readSnapshot(requests, signal)).filter((name) => first.has(name))
      if (again.length > 0) return again.length
    } catch (error) {
      // A connection that has ended shows by itself; an Asterisk that is busy is asked again next time.
      counters.add('sweep-failed')
      log.warn('sweep-failed', { reason: describeError(error) })
    }
  }
  return 0
}
