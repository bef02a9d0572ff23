import type { SiteId } from '../../contracts/names.ts'
import type { SiteRow } from '../stores/site-directory.ts'
import { unknownSite } from './problem.ts'

export interface SiteFinder {
  find(site: SiteId): Promise<SiteRow | undefined>
}

/** The site, or 404: the admin may name one that is not there, and a key may still be cached when its site has gone. */
export async function existingSite(sites: SiteFinder, site: SiteId): Promise<SiteRow> {
  const row = await sites.find(site)
  if (!row) throw unknownSite()
  return row
}
