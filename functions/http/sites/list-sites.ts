import type { SiteId } from '../../../contracts/names.ts'
import type { SitePage } from '../../../contracts/site.ts'
import { type SiteRow, toSite } from '../../stores/site-directory.ts'

/** A site is 0.4 KB, so a page is 40 KB. */
const pageSites = 100

export interface SiteLister {
  list(after: SiteId | undefined, limit: number): Promise<{ rows: SiteRow[]; next: SiteId | undefined }>
}

/** Returns a page of sites by name. Sites that are being created or deleted are left out, so a page may be short. */
export async function listSites(after: SiteId | undefined, directory: SiteLister): Promise<SitePage> {
  const { rows, next } = await directory.list(after, pageSites)
  const sites = rows.filter(({ state }) => state === 'live').map(toSite)
  return { sites, ...(next && { after: next }) }
}
