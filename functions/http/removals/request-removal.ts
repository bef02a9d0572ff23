import { createHash, randomUUID } from 'node:crypto'
import type { SiteId } from '../../../contracts/names.ts'
import type { Receipt } from '../../../contracts/site.ts'
import type { RemovalRequest } from '../../stores/removals.ts'
import type { SiteRow } from '../../stores/site-directory.ts'
import { HttpProblemError, unknownSite } from '../problem.ts'

export interface RemovalDependencies {
  removals: {
    create(removal: RemovalRequest): Promise<Receipt>
    receipt(site: SiteId, id: string): Promise<Receipt | undefined>
  }
  now: number
}
/** `count` returns how many removals of a site are under way. */
type ErasureDependencies = Pick<RemovalDependencies, 'now'> & {
  removals: RemovalDependencies['removals'] & { count(site: SiteId, most: number): Promise<number> }
}
export interface SiteDeletion {
  row(site: SiteId): Promise<SiteRow | undefined>
  markDeleting(site: SiteId): Promise<boolean>
}

/**
 * Starts the deletion of a site. The job is written first, so that it runs even if this request fails; the site's keys are
 * removed before the answer. The id of the receipt is derived from the site, so that a repeated request finds the same job.
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
  const asked = await removals.create({ site, id, what: 'site', askedAt })
  await directory.markDeleting(site)
  await keys.removeAll(site)
  return (await removals.receipt(site, id)) ?? asked
}

/** Erasures of a site that are under way at the same time: each reads every item of the site several times. */
const erasuresAtOnceMax = 100
/** A short erasure takes two passes, 75 s apart. */
const retryAfterSeconds = 120

/** Starts an erasure. The request says whether it means a number or a student number, which may have the same digits. */
export async function requestErasure(
  site: SiteId,
  whose: { number: string } | { matricule: string },
  { removals, now }: ErasureDependencies,
): Promise<Receipt> {
  if ((await removals.count(site, erasuresAtOnceMax)) >= erasuresAtOnceMax) throw tooManyErasures()
  const askedAt = new Date(now).toISOString()
  const what = 'number' in whose ? 'number' : 'student'
  return removals.create({ site, id: randomUUID(), what, ...whose, askedAt })
}

function tooManyErasures(): HttpProblemError {
  const detail = `The site has ${erasuresAtOnceMax} erasures under way, its maximum. Try again when some are done.`
  return new HttpProblemError(429, 'erasure-limit', detail, { headers: { 'retry-after': String(retryAfterSeconds) } })
}

/** Returns a receipt; for a deleted site with a link to the final export of its call log. */
export async function findReceipt(
  site: SiteId,
  id: string,
  { removals, files }: Pick<RemovalDependencies, 'removals'> & { files: { link(file: string): Promise<string> } },
): Promise<Receipt> {
  const receipt = await removals.receipt(site, id)
  if (!receipt) throw new HttpProblemError(404, 'receipt-unknown', 'The site has no such receipt.')
  const { finalExport } = receipt
  return finalExport
    ? { ...receipt, finalExport: { ...finalExport, link: await files.link(finalExport.file) } }
    : receipt
}
