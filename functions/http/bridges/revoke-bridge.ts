import type { BridgeInfo } from '../../../contracts/bridge-access.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { BridgeRow } from '../../stores/bridges.ts'
import { existingSite, type SiteFinder } from '../existing-site.ts'
import { HttpProblemError } from '../problem.ts'

export interface RevokeBridgeDependencies {
  directory: SiteFinder & {
    replaceQueue(site: SiteId, seen: number, next: { number: number; url: string }): Promise<boolean>
  }
  bridges: {
    find(site: SiteId, key: string): Promise<BridgeRow | undefined>
    revoke(site: SiteId, key: string, now: number): Promise<boolean>
  }
  commandQueues: { create(site: SiteId, number: number): Promise<string>; remove(url: string): Promise<void> }
  now: number
}

/**
 * Revokes a bridge: its key no longer verifies, and the site's commands move to a new queue, which the bridge's AWS session
 * (valid for up to an hour more) cannot read. The queue is replaced after the row is written, so a session that is issued
 * between the two still names the old queue. Sending the request again after a crash repeats all steps.
 */
export async function revokeBridge(
  site: SiteId,
  key: string,
  dependencies: RevokeBridgeDependencies,
): Promise<BridgeInfo> {
  const { bridges, directory, commandQueues, now } = dependencies
  const { commandQueue } = await existingSite(directory, site)
  if (!commandQueue || !(await bridges.revoke(site, key, now))) throw unknown()
  const row = await bridges.find(site, key)
  if (!row) throw unknown()
  // A code that was never used has no session.
  if (row.publicKey !== undefined) {
    const number = commandQueue.number + 1
    const url = await commandQueues.create(site, number)
    if (await directory.replaceQueue(site, commandQueue.number, { number, url })) {
      await commandQueues.remove(commandQueue.url)
    }
  }
  return toBridgeInfo(row, now)
}

function unknown(): HttpProblemError {
  return new HttpProblemError(404, 'bridge-unknown', 'The site has no such bridge.')
}

export function toBridgeInfo(row: BridgeRow, now: number): BridgeInfo {
  const moment = (ms: number) => new Date(ms).toISOString()
  const { sk: key, createdAt, createdBy, codeExpiresAt, publicKey, enrolledAt, askedAt, revokedAt } = row
  return {
    key,
    state: revokedAt !== undefined ? 'revoked' : publicKey === undefined ? 'code' : 'enrolled',
    createdAt: moment(createdAt),
    createdBy,
    ...(publicKey === undefined && codeExpiresAt > now && { expiresAt: moment(codeExpiresAt) }),
    ...(enrolledAt !== undefined && { enrolledAt: moment(enrolledAt) }),
    ...(askedAt !== undefined && { lastUsedAt: moment(askedAt) }),
    ...(revokedAt !== undefined && { revokedAt: moment(revokedAt) }),
  }
}
