import type { SiteKey } from '../../caller.ts'
import type { FullCap, WaitCaps, Waiter } from '../../stores/waits.ts'
import { HttpProblemError } from '../problem.ts'

/**
 * Waits at the same time of one key and of one site. A page follows one call at a time; a program that follows more calls listens
 * at the WebSocket, which holds no function.
 */
const [keyMax, siteMax] = [5, 20]
/** A wait ends within 25 s, most calls change sooner. */
const retrySeconds = 5

export interface WaitCounter {
  begin(
    waiter: Waiter,
    caps: WaitCaps,
    now: number,
  ): Promise<{ end(): Promise<void>; full?: never } | { full: FullCap }>
}

/**
 * Runs `wait` while it is counted as a wait of its caller. `deploymentMax` is the cap of all sites together.
 * @throws HttpProblemError 429 if too many requests wait
 */
export async function whileCounted<T>(
  { site, keyId }: SiteKey,
  { waits, deploymentMax, now }: { waits: WaitCounter; deploymentMax: number; now: number },
  wait: () => Promise<T>,
): Promise<T> {
  const begun = await waits.begin({ site, keyId }, { key: keyMax, site: siteMax, all: deploymentMax }, now)
  if (begun.full) throw waitsExceeded(begun.full)
  try {
    return await wait()
  } finally {
    await begun.end()
  }
}

function waitsExceeded(full: FullCap): HttpProblemError {
  const headers = { 'retry-after': String(retrySeconds) }
  const advice = `Try again in ${retrySeconds} s, leave \`wait\` out, or follow calls over the WebSocket.`
  if (full === 'key') {
    const detail = `${keyMax} requests of this key wait already. ${advice}`
    return new HttpProblemError(429, 'key-waits-exceeded', detail, { headers })
  }
  if (full === 'site') {
    const detail = `${siteMax} requests of this site wait already. ${advice}`
    return new HttpProblemError(429, 'site-waits-exceeded', detail, { headers })
  }
  return new HttpProblemError(429, 'waits-exceeded', `Too many requests of all sites wait. ${advice}`, { headers })
}
