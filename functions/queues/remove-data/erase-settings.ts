import * as v from 'valibot'
import type { SiteId } from '../../../contracts/names.ts'
import { SiteSettings } from '../../../contracts/site.ts'
import type { Erasing } from '../../domain/personal/erasing.ts'
import { erased } from '../../domain/personal.ts'
import type { KeyErasure } from '../../stores/key-erasure.ts'
import type { SiteProperties, SiteRow } from '../../stores/site-directory.ts'
import type { Pass } from './pass.ts'

export interface SettingsDependencies {
  directory: {
    row(site: SiteId): Promise<SiteRow | undefined>
    change(site: SiteId, seen: SiteRow, next: SiteProperties): Promise<boolean>
  }
  sites: { describe(site: SiteId, properties: SiteProperties, revision: number): Promise<void> }
}

/** Removes a number from the site's own numbers and its name, and trunks that are named after it. */
export async function eraseFromSettings(
  site: SiteId,
  { search }: Erasing,
  pass: Pick<Pass, 'count'>,
  { directory, sites }: SettingsDependencies,
): Promise<void> {
  const seen = await directory.row(site)
  if (seen?.state !== 'live') return
  const settings = v.parse(SiteSettings, seen.settings)
  const lists = ['ownNumbers', 'trunks'] as const
  const held = lists.flatMap((list) => settings[list].filter((text) => search.holds(text)))
  const without = Object.fromEntries(lists.map((list) => [list, settings[list].filter((text) => !held.includes(text))]))
  const name = search.replaceIn(seen.name, erased)
  const next = { ...seen, name, settings: { ...settings, ...without } }
  // The copy that queue functions read is written in any case: an earlier pass may have died before it wrote that.
  if (held.length === 0 && name === seen.name) await sites.describe(site, seen, seen.revision)
  else if (await directory.change(site, seen, next)) await sites.describe(site, next, seen.revision + 1)
  pass.count('settings', held.length + (name === seen.name ? 0 : 1))
}

/** Replaces a number in the names of keys and boards. */
export async function eraseFromKeyNames(
  site: SiteId,
  { search }: Erasing,
  pass: Pick<Pass, 'count' | 'unreadable'>,
  keys: Pick<KeyErasure, 'erase'>,
): Promise<void> {
  await keys.erase(site, search, ({ isErased, isReadable }) => {
    if (isErased) pass.count('key names', 1)
    if (!isReadable) pass.unreadable('keys', 1)
  })
}
