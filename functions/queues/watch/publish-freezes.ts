import type { SiteId } from '../../../contracts/names.ts'
import { describeError, logOutcome } from '../../log.ts'
import type { FreezeIntent } from '../../stores/call-freezes.ts'
import type { WebhookEvents } from '../webhook-events.ts'

interface PublishFreezesDependencies {
  freezes: {
    unsent(before: number): Promise<FreezeIntent[]>
    frozenAt(intent: FreezeIntent): Promise<number | undefined>
    forget(site: SiteId, key: string, at: number): Promise<void>
  }
  webhooks: WebhookEvents
  now: () => number
}

/** The function that places calls has 10 s: what it has not done after this time, it never does. */
const abandonedMs = 30_000

/** Sends the events of keys that were frozen by a function that was killed before it sent them. */
export async function publishFreezes(
  { freezes, webhooks, now }: PublishFreezesDependencies,
  until: number,
): Promise<{ sent: number; failed: number }> {
  const count = { sent: 0, failed: 0 }
  for (const intent of await freezes.unsent(now() - abandonedMs)) {
    if (now() >= until) break
    const { site, key, cap, at } = intent
    try {
      const frozenAt = await freezes.frozenAt(intent)
      if (frozenAt !== undefined) {
        await webhooks.publish({ site, frozen: { key, cap, frozenAt: new Date(frozenAt).toISOString() } })
        count.sent += 1
      }
      await freezes.forget(site, key, at)
    } catch (error) {
      // One failing site does not stop the others; the next tick finds it again.
      logOutcome('error', 'freeze-not-published', { site, error: describeError(error) })
      count.failed += 1
    }
  }
  return count
}
