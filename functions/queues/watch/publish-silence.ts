import { Topic } from '../../../contracts/frames.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { describeError, logOutcome } from '../../log.ts'
import { type FanOutDependencies, fanOut } from '../fan-out/fan-out.ts'
import type { WebhookEvents } from '../webhook-events.ts'

export interface SilenceStore {
  newlySilent(now: number): Promise<{ site: SiteId; lastHeard: string }[]>
  markSilencePublished(site: SiteId, lastHeard: string): Promise<boolean>
}

/** Sites handled by one tick. If a region's network fails, the other sites follow 10 s later. */
const sitesMax = 500

/**
 * Notifies the subscribers of each site whose bridge has sent nothing for 20 s, within 10 s after that. It publishes first
 * and marks the site second: after a crash between the two, the notification is sent twice. A bridge that is seen in
 * between makes `push-presence` publish that it is back.
 */
export async function publishSilence(
  silences: SilenceStore,
  fanOutDependencies: FanOutDependencies & { webhooks?: WebhookEvents },
  until: number,
): Promise<{ silent: number; failed: number }> {
  const count = { silent: 0, failed: 0 }
  const found = await silences.newlySilent(fanOutDependencies.now())
  for (const { site, lastHeard } of found.slice(0, sitesMax)) {
    if (fanOutDependencies.now() >= until) break
    try {
      const frame = { type: 'heard' as const, lastHeard, stale: true }
      await fanOut(site, [{ topics: Topic.options, frame }], fanOutDependencies)
      await fanOutDependencies.webhooks?.publish({ site, lost: lastHeard })
      await silences.markSilencePublished(site, lastHeard)
      logOutcome('warn', 'bridge-silent', { site, lastHeard })
      count.silent += 1
    } catch (error) {
      // One failing site does not stop the others; the next tick finds it again.
      logOutcome('error', 'silence-not-published', { site, error: describeError(error) })
      count.failed += 1
    }
  }
  return count
}
