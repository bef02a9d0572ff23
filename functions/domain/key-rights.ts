import type { KeyCallRules } from '../../contracts/key.ts'

/** What a key may do besides its scopes. An absent limit is that of the site, an absent `expiresAt` (Unix milliseconds) is never. */
export interface KeyLimits {
  expiresAt?: number | undefined
  requestsMax?: number | undefined
  calls?: KeyCallRules | undefined
}

const permissions = ['dialInternal', 'dialNational', 'dialMobile'] as const
const caps = ['callsAtOnce', 'callsPerMinute', 'callsPerDay'] as const

/** Returns the limits with which a key is made: what the request leaves out is as narrow as in the key that makes it. */
export function inheritLimits(held: KeyLimits, wanted: KeyLimits): KeyLimits {
  const calls = { ...held.calls, ...defined(wanted.calls ?? {}) }
  return {
    expiresAt: wanted.expiresAt ?? held.expiresAt,
    requestsMax: wanted.requestsMax ?? held.requestsMax,
    calls: Object.keys(calls).length > 0 ? calls : undefined,
  }
}

/** Returns the names of the limits that are wider than those held, so that a key cannot give them. */
export function widerLimits(held: KeyLimits, given: KeyLimits): string[] {
  const { calls: has = {} } = held
  const { calls: gets = {} } = given
  const countries = has.dialCountries
  return [
    ...(isAbove(given.expiresAt, held.expiresAt) ? ['expiresInDays'] : []),
    ...(isAbove(given.requestsMax, held.requestsMax) ? ['requestsMax'] : []),
    ...permissions.filter((name) => has[name] === false && gets[name] !== false).map((name) => `calls.${name}`),
    ...(countries && !gets.dialCountries?.every((country) => countries.includes(country))
      ? ['calls.dialCountries']
      : []),
    ...caps.filter((name) => isAbove(gets[name], has[name])).map((name) => `calls.${name}`),
  ]
}

/** Whether a key has caps of its own on calls; keys that it makes count against them too. */
export function hasCallCaps({ calls = {} }: KeyLimits): boolean {
  return caps.some((name) => calls[name] !== undefined)
}

function isAbove(given: number | undefined, held: number | undefined): boolean {
  return held !== undefined && (given === undefined || given > held)
}

function defined<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>
}
