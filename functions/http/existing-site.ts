import type { SiteId } from '../../contracts/names.ts'
import type { SiteRow } from '../stores/site-directory.ts'
import { unknownSite } from './problem.ts'

export interface SiteFinder {
  find(site: SiteId): Promise<SiteRow | undefined>
}

/** Returns the command queue of a site's bridge. Every site has one from its creation on. */
export function commandQueueOf({ sk: site, commandQueue }: Pick<SiteRow, 'sk' | 'commandQueue'>) {
  if (!commandQueue) throw new Error(`the site ${site} has no command queue`)
  return commandQueue
}

/**
 * Returns the site. @throws HttpProblemError 404: the admin key may name any site, and a key can be cached for a minute after its
 * site was deleted.
 */
export async function existingSite(sites: SiteFinder, site: SiteId): Promise<SiteRow> {
  const row = await sites.find(site)
  if (!row) throw unknownSite()
  return row
}
