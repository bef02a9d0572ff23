import { UsageError } from './options.ts'
import { readProfile } from './profiles.ts'

/** Address and key for requests that belong to no site, or name one themselves. */
export interface ApiAccess {
  apiUrl: string
  key: string
}
/** The same for requests on one site. */
export interface SiteAccess extends ApiAccess {
  site: string
}

/** Options of a command; those that were not given have the value of their environment variable, if that is set. */
export interface ConnectionOptions {
  api?: string | undefined
  site?: string | undefined
  key?: string | undefined
  profile?: string | undefined
}

export function siteAccess(options: ConnectionOptions): SiteAccess {
  const { api, site, key } = complete(options, ['api', 'site', 'key'])
  return { apiUrl: api, site, key }
}

export function apiAccess(options: ConnectionOptions): ApiAccess {
  const { api, key } = complete(options, ['api', 'key'])
  return { apiUrl: api, key }
}

type Name = 'api' | 'site' | 'key'

/** Takes missing values from the profile. @throws a UsageError that names every value that is still missing */
function complete<const Wanted extends Name>(
  options: ConnectionOptions,
  wanted: readonly Wanted[],
): Record<Wanted, string> {
  const profile = readProfile(options.profile)
  const found: Partial<Record<Name, string>> = {}
  for (const name of wanted) {
    const value = options[name] ?? profile?.[name]
    if (value) found[name] = value
  }
  if (hasAll(found, wanted)) return found
  const missing = wanted.filter((name) => !found[name])
  const ways = missing.map((name) => `--${name} or SWITCHHOOK_${name.toUpperCase()}`)
  throw new UsageError(`Missing ${missing.join(', ')}: set ${ways.join(', ')}, or use a profile that has it.`)
}

function hasAll<Wanted extends Name>(
  found: Partial<Record<Name, string>>,
  wanted: readonly Wanted[],
): found is Record<Wanted, string> {
  return wanted.every((name) => found[name] !== undefined)
}
