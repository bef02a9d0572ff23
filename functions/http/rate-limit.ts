import type { RouteDefinition } from '../../contracts/routes/route.ts'
import type { Caller } from '../caller.ts'
import { config } from '../config.ts'
import { RequestLimits } from '../stores/limits.ts'
import { documentClient } from '../stores/table.ts'
import { HttpProblemError } from './problem.ts'

/** Returns the counter of requests, or undefined for a function whose callers show no key. */
export function createLimits(routes: readonly (readonly [string, RouteDefinition])[]): RequestLimits | undefined {
  if (routes.every(([, { needs }]) => needs === 'anyone')) return undefined
  return new RequestLimits(documentClient(), config('TABLE_LIVE').TABLE_LIVE)
}

/**
 * Counts a request against the limits of its key and site. Callers without a key are not counted here.
 * @throws HttpProblemError 429 if a limit of this window is used up
 */
export async function checkRate(limits: RequestLimits | undefined, caller: Caller, now: number): Promise<void> {
  if (!limits || caller.kind === 'unknown') return
  const key =
    caller.kind === 'key'
      ? { site: caller.site, keyId: caller.keyId, max: caller.requestsMax }
      : { site: undefined, keyId: 'admin', max: undefined }
  const exceeded = await limits.take(key, now)
  if (!exceeded) return
  const { limit, max, retryAfterSeconds } = exceeded
  const whose = limit === 'key' ? 'This key' : 'This site'
  const detail = `${whose} has used up its ${max} requests of 10 seconds. Try again in ${retryAfterSeconds} s.`
  throw new HttpProblemError(429, `${limit}-rate-exceeded`, detail, {
    headers: { 'retry-after': String(retryAfterSeconds) },
  })
}
