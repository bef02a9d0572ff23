import { randomUUID } from 'node:crypto'
import type { SiteId } from '../../../contracts/names.ts'
import type { SiteCreated, SiteRequest } from '../../../contracts/site.ts'
import type { Admin } from '../../caller.ts'
import type { KeyRow } from '../../stores/keys.ts'
import { type SiteProperties, type SiteRow, toSite } from '../../stores/site-directory.ts'
import { type CodeWriter, makeCode } from '../bridges/make-code.ts'
import { makeKey } from '../keys/make-key.ts'
import { HttpProblemError } from '../problem.ts'

export interface CreateSiteDependencies {
  directory: {
    row(site: SiteId): Promise<SiteRow | undefined>
    claim(site: SiteId, claim: string, row: SiteProperties & { queueNumber: number }, now: number): Promise<boolean>
    open(site: SiteId, claim: string, commandQueue: { number: number; url: string }): Promise<boolean>
  }
  keys: { put(prefix: string, row: KeyRow): Promise<void>; removeAll(site: SiteId): Promise<number> }
  bridges: CodeWriter & { removeAll(site: SiteId): Promise<number> }
  sites: { describe(site: SiteId, properties: SiteProperties, revision: number): Promise<void> }
  commandQueues: { create(site: SiteId, number: number): Promise<string> }
  pepper: string
  caller: Admin
  now: number
}

/**
 * Creates a site with its command queue, its first key and an enrolment code. The name is claimed first and the site opened
 * last, so that a request that fails in between leaves no visible site; the next request for the name removes the remains.
 */
export async function createSite(request: SiteRequest, dependencies: CreateSiteDependencies): Promise<SiteCreated> {
  const { site, ...properties } = request
  const { directory, keys, bridges, caller, pepper, now } = dependencies
  const left = await directory.row(site)
  // A new number, because a bridge session of an earlier site of this name may be valid for another hour.
  const queueNumber = left?.state === 'making' ? left.queueNumber : Math.floor(now / 1000)
  const claim = randomUUID()
  if (!(await directory.claim(site, claim, { ...properties, queueNumber }, now))) throw taken(site, left)
  await keys.removeAll(site)
  await bridges.removeAll(site)
  const url = await dependencies.commandQueues.create(site, queueNumber)
  await dependencies.sites.describe(site, properties, 0)
  const apiKey = await makeKey(
    { name: 'first key', role: 'admin' },
    { giver: { caller, row: undefined }, site, pepper, keys, now },
  )
  const enrolment = await makeCode(site, { caller, bridges, now })
  if (!(await directory.open(site, claim, { number: queueNumber, url }))) throw taken(site, left)
  const row: SiteRow = { sk: site, ...properties, state: 'live', claim, claimedAt: now, queueNumber, revision: 0 }
  return { ...toSite(row), apiKey: apiKey.secret, enrolment }
}

function taken(site: SiteId, left: SiteRow | undefined): HttpProblemError {
  if (left?.state === 'deleting') {
    return new HttpProblemError(
      409,
      'site-being-deleted',
      `The site ${site} is being deleted. Try again in two minutes.`,
    )
  }
  return new HttpProblemError(
    409,
    'site-exists',
    `The site ${site} exists already or is being made; choose another name.`,
  )
}
