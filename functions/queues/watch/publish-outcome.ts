import * as v from 'valibot'
import type { CallState } from '../../../contracts/facts.ts'
import { SiteId } from '../../../contracts/names.ts'
import { formatVersion } from '../../../contracts/version.ts'
import { isCall } from '../../domain/entity-kind.ts'
import type { PlacedRow } from '../../stores/placed-calls.ts'
import type { PresenceRow } from '../../stores/presence.ts'
import { type FanOutDependencies, fanOut } from '../fan-out/fan-out.ts'
import type { EntityStore, EpochStore } from '../push-presence/presence-stores.ts'

/** Sent for a call placed through the API whose result the cloud has found out. */
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

/** A bridge that was not seen for this long cannot report how its calls end; their call records do, once it is back. */
const goneMs = 600_000

export function isGone(lastSeen: string | undefined, now: number): boolean {
  return lastSeen === undefined || now - Date.parse(lastSeen) > goneMs
}

/**
 * Revision (`r`) of the ended call: above 1, with which the cloud ends calls that a new epoch does not list. A result from
 * CDRs ranks above `unknown`, and a later one above an earlier.
 */
const rankOf = ({ result, corrections = 1 }: PlacedRow) => (result === 'unknown' ? 2 : 2 + corrections)

/**
 * Publishes the result of a call that no bridge reported. It uses the version of the bridge's last fact, so any later fact
 * of a bridge is newer. A call that is live by the facts of its bridge is ended only if the bridge is offline; a bridge that
 * is online reports the end itself. Publishing twice has the same effect as once.
 */
export async function publishOutcome(
  { tell: { site, call } }: OutcomeMessage,
  dependencies: PublishOutcomeDependencies,
): Promise<void> {
  const { placed, presence, epochs, now } = dependencies
  const row = await placed.find(site, call)
  if (row?.stage !== 'ended' || row.result === undefined) return
  const [rows, epoch] = await Promise.all([presence.rows(site, 'calls'), epochs.epoch(site)])
  const seen = rows.find(({ id }) => id === call)
  const state = endedState(call, row, seen, now)
  if (seen?.entity && !seen.ended) {
    if (!isGone(await dependencies.lastSeen(site), now)) return
    if (!(await presence.end(site, { ...seen.entity, state }, epoch, now))) return
  }
  // A call without any fact gets a version before the first fact of the epoch.
  const entity = { id: call, v: seen?.v ?? row.v ?? formatVersion(epoch, 0), r: rankOf(row), state }
  const frame = { type: 'delta' as const, topic: 'calls' as const, epoch, ks: [], w: now, entities: [entity] }
  await fanOut(site, [{ topics: ['calls'], frame }], dependencies.fanOutDependencies)
}

function endedState(call: string, row: PlacedRow, seen: PresenceRow | undefined, now: number): CallState {
  const { endpoint, dial, issuedAt, endedAt = new Date(now).toISOString(), result, cause, sipCode } = row
  const asked = { caller: { number: '', name: '', endpoint }, dialled: dial, callees: [] }
  const known = seen?.entity && isCall(seen.entity) ? seen.entity.state : asked
  const placed = { stage: row.stage, result, cause, sipCode }
  const ended = { ...known, call, state: 'ended' as const, endedAt, placed, ...(result && { result }) }
  return { startedAt: new Date(issuedAt).toISOString(), ...ended }
}
