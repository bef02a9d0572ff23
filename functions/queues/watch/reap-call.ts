import * as v from 'valibot'
import { SiteId } from '../../../contracts/names.ts'
import type { PlacedResult, PlacedStage } from '../../../contracts/placed.ts'
import { logOutcome } from '../../log.ts'
import { isGone, type OutcomeMessage } from './publish-outcome.ts'

/** Sent, with a delay, for each call that the API accepts. */
export const ReapMessage = v.looseObject({ reap: v.object({ site: SiteId, call: v.string() }) })
export type ReapMessage = v.InferOutput<typeof ReapMessage>

export interface ReapDependencies {
  placed: {
    find(site: SiteId, call: string): Promise<{ stage: PlacedStage; result?: PlacedResult | undefined } | undefined>
    endAsUnknown(site: SiteId, call: string, seen: PlacedStage, at: string): Promise<boolean>
  }
  /** Returns true if the call is live by the facts of its bridge. */
  isLive(site: SiteId, call: string): Promise<boolean>
  lastSeen(site: SiteId): Promise<string | undefined>
  checkAgain(message: ReapMessage, delaySeconds: number): Promise<void>
  publish(outcome: OutcomeMessage): Promise<void>
  /** Takes over what the call's CDRs say; returns true if it published the result. */
  settle(site: SiteId, call: string): Promise<boolean>
  now: number
}

/** A call that goes on is checked again after this time: 12 messages for an hour of talk. */
export const againSeconds = 300

/**
 * Makes sure that a call ends. It ends the call with the result `unknown` 45 s after its request if the bridge has sent no
 * fact about it, or later if the bridge is offline or no longer has the call; the call record corrects the result. It
 * publishes the result again at each delivery, since the process may have died between the write and the publication.
 */
export async function reapCall(message: ReapMessage, dependencies: ReapDependencies): Promise<void> {
  const { placed, publish, settle, checkAgain, now } = dependencies
  const { site, call } = message.reap
  const row = await placed.find(site, call)
  if (!row) return
  // CDRs that arrived before the end of the call was known could not correct its result.
  if (row.stage === 'ended') {
    if (!(await settle(site, call)) && row.result === 'unknown') await publish({ tell: message.reap })
    return
  }
  if (row.stage !== 'queued' && !(await isLost(site, call, dependencies))) return checkAgain(message, againSeconds)
  const isEnded = await placed.endAsUnknown(site, call, row.stage, new Date(now).toISOString())
  // The stage has changed meanwhile: check the new one later.
  if (!isEnded) return checkAgain(message, againSeconds)
  logOutcome('warn', 'call-result-unknown', { site, call, stage: row.stage })
  if (!(await settle(site, call))) await publish({ tell: message.reap })
}

async function isLost(site: SiteId, call: string, { isLive, lastSeen, now }: ReapDependencies): Promise<boolean> {
  return isGone(await lastSeen(site), now) || !(await isLive(site, call))
}
