import * as v from 'valibot'
import type { CallState } from '../../../contracts/facts.ts'
import { SiteId } from '../../../contracts/names.ts'
import { formatVersion } from '../../../contracts/version.ts'
import type { PlacedRow } from '../../stores/placed-calls.ts'
import { isEndpoint, type PresenceRow } from '../../stores/presence.ts'
import { type FanOutDependencies, fanOut } from '../fan-out/fan-out.ts'
import type { EntityStore, EpochStore } from '../push-presence/presence-stores.ts'

/** What is sent for a call by API whose outcome the cloud found out. */
export const OutcomeMessage = v.looseObject({ tell: v.object({ site: SiteId, call: v.string() }) })
export type OutcomeMessage = v.InferOutput<typeof OutcomeMessage>

export interface PublishOutcomeDependencies {
  placed: { find(site: SiteId, call: string): Promise<PlacedRow | undefined> }
  presence: Pick<EntityStore, 'rows' | 'end'>
  epochs: Pick<EpochStore, 'epoch'>
  fanOutDependencies: FanOutDependencies
  lastSeen(site: SiteId): Promise<string | undefined>
  now: number
}

/** So long without a word from a bridge, nobody sees how its calls end; their call records tell it once it is back. */
const goneMs = 600_000

export function isGone(lastSeen: string | undefined, now: number): boolean {
  return lastSeen === undefined || now - Date.parse(lastSeen) > goneMs
}

/** Above the 1 by which the cloud ends what a new epoch does not list; a record, which knows better, above a guess. */
const rankOf = (result: PlacedRow['result']) => (result === 'unknown' ? 2 : 3)

/**
 * Tells subscribers of an outcome that no bridge told: under the version of the bridge's last word, so that every later word of
 * a bridge is newer. A call that is live as far as its bridge told ends here only if that bridge is gone; one that speaks
 * tells the end itself. Told twice, it is the same.
 */
export async function publishOutcome(
  { tell: { site, call } }: OutcomeMessage,
  parts: PublishOutcomeDependencies,
): Promise<void> {
  const { placed, presence, epochs, now } = parts
  const row = await placed.find(site, call)
  if (row?.stage !== 'ended' || row.result === undefined) return
  const [rows, epoch] = await Promise.all([presence.rows(site, 'calls'), epochs.epoch(site)])
  const seen = rows.find(({ id }) => id === call)
  const state = endedState(call, row, seen, now)
  if (seen?.entity && !seen.ended) {
    if (!isGone(await parts.lastSeen(site), now)) return
    if (!(await presence.end(site, { ...seen.entity, state }, epoch, now))) return
  }
  // A call of which no fact was ever told stands before the first fact of the epoch.
  const entity = { id: call, v: seen?.v ?? row.v ?? formatVersion(epoch, 0), r: rankOf(row.result), state }
  const frame = { type: 'delta' as const, topic: 'calls' as const, epoch, ks: [], w: now, entities: [entity] }
  await fanOut(site, [{ topics: ['calls'], frame }], parts.fanOutDependencies)
}

function endedState(call: string, row: PlacedRow, seen: PresenceRow | undefined, now: number): CallState {
  const { endpoint, dial, issuedAt, endedAt = new Date(now).toISOString(), result, cause, sipCode } = row
  const asked = { caller: { number: '', name: '', endpoint }, dialled: dial, callees: [] }
  const known = seen?.entity && !isEndpoint(seen.entity) ? seen.entity.state : asked
  const placed = { stage: row.stage, result, cause, sipCode }
  return { startedAt: new Date(issuedAt).toISOString(), ...known, call, state: 'ended', endedAt, placed }
}
