import * as v from 'valibot'
import { SiteId } from '../../../contracts/names.ts'
import { logOutcome } from '../../log.ts'

/** What is sent, delayed, for each call that the API accepts. */
export const Reap = v.looseObject({ reap: v.object({ site: SiteId, call: v.string() }) })
export type Reap = v.InferOutput<typeof Reap>

/** Long after a call's deadline: if the bridge has said nothing of it, how it went is not known. */
export async function reapCall(
  { reap: { site, call } }: Reap,
  { placed, now }: { placed: { giveUp(site: SiteId, call: string, at: string): Promise<boolean> }; now: number },
): Promise<void> {
  const given = await placed.giveUp(site, call, new Date(now).toISOString())
  if (given) logOutcome('warn', 'call-unheard-of', { site, call })
}
