import { readProfile } from './profiles.ts'

/** Where the API is and who asks; from options first, then from the environment, then from the profile. */
export interface Door {
  apiUrl: string
  key: string
}
/** The same, for what belongs to one site. */
export interface Connection extends Door {
  site: string
}

export class UsageError extends Error {
  readonly errorId = 'usage'
  shouldRetry(): boolean {
    return false
  }
}

const sources = { api: 'SWITCHHOOK_API', site: 'SWITCHHOOK_SITE', key: 'SWITCHHOOK_KEY' } as const
type Name = keyof typeof sources
export interface ConnectionOptions {
  api?: string | undefined
  site?: string | undefined
  key?: string | undefined
  profile?: string | undefined
}

/** For `parseArgs`, in every command that asks the API. */
export const connectionOptions = {
  api: { type: 'string' },
  site: { type: 'string' },
  key: { type: 'string' },
  profile: { type: 'string' },
} as const

/** All that is missing is named at once. A key in a profile or the environment is not seen by `ps`, as one in an option would be. */
export function connectionOf(options: ConnectionOptions): Connection {
  const { api, site, key } = valuesOf(options, ['api', 'site', 'key'])
  return { apiUrl: api.replace(/\/$/, ''), site, key }
}

/** For what belongs to no site, or names one itself. */
export function doorOf(options: ConnectionOptions): Door {
  const { api, key } = valuesOf(options, ['api', 'key'])
  return { apiUrl: api.replace(/\/$/, ''), key }
}

function valuesOf<const Wanted extends Name>(
  options: ConnectionOptions,
  wanted: readonly Wanted[],
): Record<Wanted, string> {
  const profile = readProfile(options.profile ?? process.env['SWITCHHOOK_PROFILE'])
  const found: Partial<Record<Name, string>> = {}
  for (const name of wanted) {
    const value = options[name] ?? process.env[sources[name]] ?? profile?.[name]
    if (value) found[name] = value
  }
  if (hasAll(found, wanted)) return found
  const missing = wanted.filter((name) => !found[name])
  throw new UsageError(
    `give ${missing.map((name) => `--${name} or ${sources[name]}`).join(', ')}, or a profile that has it`,
  )
}

function hasAll<Wanted extends Name>(
  found: Partial<Record<Name, string>>,
  wanted: readonly Wanted[],
): found is Record<Wanted, string> {
  return wanted.every((name) => found[name] !== undefined)
}
