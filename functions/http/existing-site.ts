import type { SiteId } from '../../contracts/names.ts'
import type { SiteRow } from '../stores/site-directory.ts'
import { unknownSite } from './problem.ts'

export interface SiteFinder {
  find(site: SiteId): Promise<SiteRow | undefined>
}

/** By which the site's bridge is commanded; each site has one from its making on. */
export function commandQueueOf({ sk: site, commandQueue }: Pick<SiteRow, 'sk' | 'commandQueue'>) {
  if (!commandQueue) throw new Error(`the site ${site} has no command queue`)
  return commandQueue
}

/** The site, or 404: the admin may name one that is not there, and a key may still be cached when its site has gone. */
export async function existingSite(sites: SiteFinder, site: SiteId): Promise<SiteRow> {
  const row = await sites.find(site)
  if (!row) throw unknownSite()
  return row
}
