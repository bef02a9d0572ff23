import * as v from 'valibot'
import type { SiteId } from '../../../contracts/names.ts'
import { type Site, type SiteChange, SiteSettings } from '../../../contracts/site.ts'
import type { Caller } from '../../caller.ts'
import { type SiteProperties, type SiteRow, toSite } from '../../stores/site-directory.ts'
import { existingSite } from '../existing-site.ts'
import { HttpProblemError } from '../problem.ts'

export interface ChangeSiteDependencies {
  find(site: SiteId): Promise<SiteRow | undefined>
  change(site: SiteId, seen: SiteRow, next: SiteProperties): Promise<boolean>
}
export interface SiteDescriber {
  describe(site: SiteId, properties: SiteProperties, revision: number): Promise<void>
}

const personalScopes = ['presence:personal', 'cdrs:personal'] as const

/**
 * Changes the given properties. Of two changes at the same time, one is refused. A caller who sees no numbers cannot have them shown on
 * the event bus. @throws HttpProblemError 403 or 409
 */
export async function changeSite(
  site: SiteId,
  change: SiteChange,
  { directory, sites, caller }: { directory: ChangeSiteDependencies; sites: SiteDescriber; caller: Caller },
): Promise<Site> {
  const seen = await existingSite(directory, site)
  const { settings: { fraud = {}, ...settings } = {}, ...properties } = change
  if (settings.eventBusPersonal === true && seen.settings.eventBusPersonal !== true) checkSeesPersonal(caller)
  const merged = v.parse(SiteSettings, {
    ...seen.settings,
    ...defined(settings),
    fraud: { ...seen.settings.fraud, ...defined(fraud) },
  })
  const next: SiteRow = { ...seen, ...defined(properties), settings: merged }
  if (!(await directory.change(site, seen, next))) {
    throw new HttpProblemError(409, 'site-changed', 'The site was changed at the same time. Read it and try again.')
  }
  await sites.describe(site, next, seen.revision + 1)
  return toSite(next)
}

function checkSeesPersonal(caller: Caller): void {
  const missing = caller.kind === 'key' && personalScopes.find((scope) => !caller.scopes.has(scope))
  if (!missing) return
  throw new HttpProblemError(403, 'scope-missing', `eventBusPersonal shows numbers: it needs the scope ${missing}.`)
}

function defined<T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const kept: { [K in keyof T]?: NonNullable<T[K]> } = {}
  for (const name in fields) {
    const value = fields[name]
    if (value !== undefined && value !== null) kept[name] = value
  }
  return kept
}
