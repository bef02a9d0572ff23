import * as v from 'valibot'
import type { SiteId } from '../../../contracts/names.ts'
import type { NumberSearch } from '../../../contracts/numbers/number-search.ts'
import { SiteSettings } from '../../../contracts/site.ts'
import type { SiteProperties, SiteRow } from '../../stores/site-directory.ts'

export interface SettingsDependencies {
  directory: {
    row(site: SiteId): Promise<SiteRow | undefined>
    change(site: SiteId, seen: SiteRow, next: SiteProperties): Promise<boolean>
  }
  sites: { describe(site: SiteId, properties: SiteProperties, revision: number): Promise<void> }
}

/** Removes a number from the site's own numbers, and trunks that are named after it. Returns how many entries there were. */
export async function eraseFromSettings(
  site: SiteId,
  search: NumberSearch,
  { directory, sites }: SettingsDependencies,
): Promise<number> {
  const seen = await directory.row(site)
  if (seen?.state !== 'live') return 0
  const settings = v.parse(SiteSettings, seen.settings)
  const lists = ['ownNumbers', 'trunks'] as const
  const held = lists.flatMap((list) => settings[list].filter((text) => search.holds(text)))
  const without = Object.fromEntries(lists.map((list) => [list, settings[list].filter((text) => !held.includes(text))]))
  const next = { ...seen, settings: { ...settings, ...without } }
  // The copy that queue functions read is written in any case: an earlier pass may have died before it wrote that.
  if (held.length === 0) await sites.describe(site, seen, seen.revision)
  else if (await directory.change(site, seen, next)) await sites.describe(site, next, seen.revision + 1)
  return held.length
}
