import type { Route } from '../../contracts/operations.ts'
import type { Caller } from '../caller.ts'
import { config } from '../config.ts'
import { RequestLimits } from '../stores/limits.ts'
import { documentClient } from '../stores/table.ts'
import { HttpProblem } from './problem.ts'
import { ruleOf } from './routes.ts'

export function openLimits(routes: readonly Route[]): RequestLimits | undefined {
  if (routes.every((route) => ruleOf(route).needs === 'anyone')) return undefined
  return new RequestLimits(documentClient(), config('TABLE_LIVE').TABLE_LIVE)
}

/** 429 once a key or its site has made its requests of this window. A caller that shows no key is not counted here. */
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
  const detail = `${whose} has made its ${max} requests of 10 seconds; go on in ${retryAfterSeconds} s.`
  throw new HttpProblem(429, `${limit}-rate-exceeded`, detail, {
    headers: { 'retry-after': String(retryAfterSeconds) },
  })
}
