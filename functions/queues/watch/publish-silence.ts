import { Topic } from '../../../contracts/frames.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { describeError, logOutcome } from '../../log.ts'
import { type FanOutDependencies, fanOut } from '../fan-out/fan-out.ts'

export interface SilenceStore {
  newlySilent(now: number): Promise<{ site: SiteId; lastHeard: string }[]>
  markSilencePublished(site: SiteId, lastHeard: string): Promise<boolean>
}

/** Bridges told of in one tick; when a region's network falls, the others follow 10 s later. */
const sitesMax = 500

/**
 * Tells subscribers of each bridge that has fallen silent, within 10 s of its 20 s. Told first, noted second: a crash
 * between the two tells it twice. A bridge heard between reading and telling says itself that it is back.
 */
export async function publishSilence(
  silences: SilenceStore,
  fanOutDependencies: FanOutDependencies,
  until: number,
): Promise<{ silent: number; failed: number }> {
  const count = { silent: 0, failed: 0 }
  const found = await silences.newlySilent(fanOutDependencies.now())
  for (const { site, lastHeard } of found.slice(0, sitesMax)) {
    if (fanOutDependencies.now() >= until) break
    try {
      const frame = { type: 'heard' as const, lastHeard, stale: true }
      await fanOut(site, [{ topics: Topic.options, frame }], fanOutDependencies)
      await silences.markSilencePublished(site, lastHeard)
      logOutcome('warn', 'bridge-silent', { site, lastHeard })
      count.silent += 1
    } catch (error) {
      // One site's trouble is its own; the next tick finds it again.
      logOutcome('error', 'silence-untold', { site, error: describeError(error) })
      count.failed += 1
    }
  }
  return count
}
