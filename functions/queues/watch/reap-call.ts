import * as v from 'valibot'
import { SiteId } from '../../../contracts/names.ts'
import type { PlacedResult, PlacedStage } from '../../../contracts/placed.ts'
import { logOutcome } from '../../log.ts'
import { isGone, type OutcomeMessage } from './publish-outcome.ts'

/** What is sent, delayed, for each call that the API accepts. */
export const ReapMessage = v.looseObject({ reap: v.object({ site: SiteId, call: v.string() }) })
export type ReapMessage = v.InferOutput<typeof ReapMessage>

export interface ReapDependencies {
  placed: {
    find(site: SiteId, call: string): Promise<{ stage: PlacedStage; result?: PlacedResult | undefined } | undefined>
    endAsUnknown(site: SiteId, call: string, seen: PlacedStage, at: string): Promise<boolean>
  }
  /** Whether the PBX has the call, as far as its bridge told. */
  isLive(site: SiteId, call: string): Promise<boolean>
  lastSeen(site: SiteId): Promise<string | undefined>
  again(reap: ReapMessage, delaySeconds: number): Promise<void>
  tell(outcome: OutcomeMessage): Promise<void>
  now: number
}

/** A call that goes on is looked at again so often: 12 messages an hour of talk. */
export const againSeconds = 300

/**
 * Sees to it that a call ends: 45 s after it was asked for, if no bridge has said anything of it; later, if its bridge has
 * gone, or is there and knows nothing of it. It is then `unknown`, until its call record tells more, and subscribers are told:
 * again if this comes again, since a crash may have been between the two.
 */
export async function reapCall(asked: ReapMessage, parts: ReapDependencies): Promise<void> {
  const { site, call } = asked.reap
  const row = await parts.placed.find(site, call)
  if (row?.result === 'unknown') return parts.tell({ tell: asked.reap })
  if (!row || row.stage === 'ended') return
  if (row.stage !== 'queued' && !(await isLost(site, call, parts))) return parts.again(asked, againSeconds)
  const given = await parts.placed.endAsUnknown(site, call, row.stage, new Date(parts.now).toISOString())
  // It went on in between: the next look finds it.
  if (!given) return parts.again(asked, againSeconds)
  logOutcome('warn', 'call-unheard-of', { site, call, stage: row.stage })
  await parts.tell({ tell: asked.reap })
}

async function isLost(site: SiteId, call: string, { isLive, lastSeen, now }: ReapDependencies): Promise<boolean> {
  return isGone(await lastSeen(site), now) || !(await isLive(site, call))
}
