/** Where the API is and who asks; from options first, from the environment else. */
export interface Connection {
  apiUrl: string
  site: string
  key: string
}

export class UsageError extends Error {
  readonly errorId = 'usage'
  shouldRetry(): boolean {
    return false
  }
}

const sources = { api: 'SWITCHHOOK_API', site: 'SWITCHHOOK_SITE', key: 'SWITCHHOOK_KEY' } as const

/** All that is missing is named at once. A key in the environment is not seen by `ps`, as one in an option would be. */
export function connectionOf(options: {
  api?: string | undefined
  site?: string | undefined
  key?: string | undefined
}): Connection {
  const value = (name: keyof typeof sources) => options[name] ?? process.env[sources[name]] ?? ''
  const missing = (['api', 'site', 'key'] as const).filter((name) => value(name) === '')
  if (missing.length === 0) return { apiUrl: value('api').replace(/\/$/, ''), site: value('site'), key: value('key') }
  throw new UsageError(`give ${missing.map((name) => `--${name} or ${sources[name]}`).join(', ')}`)
}
