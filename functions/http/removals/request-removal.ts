import { createHash, randomUUID } from 'node:crypto'
import type { SiteId } from '../../../contracts/names.ts'
import type { Receipt } from '../../../contracts/site.ts'
import type { RemovalJob } from '../../stores/removals.ts'
import type { SiteRow } from '../../stores/site-directory.ts'
import { HttpProblemError, unknownSite } from '../problem.ts'

export interface RemovalDependencies {
  removals: {
    create(removal: RemovalJob): Promise<Receipt>
    receipt(site: SiteId, id: string): Promise<Receipt | undefined>
  }
  now: number
}
export interface SiteDeletion {
  row(site: SiteId): Promise<SiteRow | undefined>
  markDeleting(site: SiteId): Promise<boolean>
}

/**
 * Ends a site: the order to remove it is written first, and is carried out whatever becomes of this request; its keys are
 * taken away before this answers. The receipt's id follows from the site, so that asking again asks for the same.
 */
export async function requestDeletion(
  site: SiteId,
  {
    removals,
    directory,
    keys,
    now,
  }: RemovalDependencies & { directory: SiteDeletion; keys: { removeAll(site: SiteId): Promise<number> } },
): Promise<Receipt> {
  const row = await directory.row(site)
  if (!row || row.state === 'making') throw unknownSite()
  const id = createHash('sha256').update(row.claim).digest('hex').slice(0, 16)
  const askedAt = new Date(now).toISOString()
  const asked = await removals.create({ site, id, what: 'site', askedAt, removed: {}, months: [] })
  await directory.markDeleting(site)
  await keys.removeAll(site)
  return (await removals.receipt(site, id)) ?? asked
}

/** A number and a student number may be the same digits, so whoever asks says which. */
export function requestErasure(
  site: SiteId,
  whose: { number: string } | { matricule: string },
  { removals, now }: RemovalDependencies,
): Promise<Receipt> {
  const askedAt = new Date(now).toISOString()
  const what = 'number' in whose ? 'number' : 'student'
  return removals.create({ site, id: randomUUID(), what, ...whose, askedAt, removed: {}, months: [] })
}

/** With a link to the call log as it was, where a site was deleted. */
export async function findReceipt(
  site: SiteId,
  id: string,
  { removals, files }: Pick<RemovalDependencies, 'removals'> & { files: { link(file: string): Promise<string> } },
): Promise<Receipt> {
  const receipt = await removals.receipt(site, id)
  if (!receipt) throw new HttpProblemError(404, 'receipt-unknown', 'There is no such receipt.')
  const { farewell } = receipt
  return farewell ? { ...receipt, farewell: { ...farewell, link: await files.link(farewell.file) } } : receipt
}
