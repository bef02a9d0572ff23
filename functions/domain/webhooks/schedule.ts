const second = 1_000
const minute = 60 * second
const hour = 60 * minute

/** Waits before each try; 27 h 35 min from the first to the last. */
export const waitsMs: readonly number[] = [
  0,
  5 * second,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  10 * hour,
]
/** A wait is up to this part longer or shorter, so that the receivers of an outage do not get all retries at once. */
const jitter = 0.2
/** A receiver can put off its next try by this much and not more. */
const retryAfterMsMax = 24 * hour

/**
 * Returns when the next try is due (Unix milliseconds) after `tries` failed ones; undefined after the last.
 * @param retryAfterMs the receiver's `Retry-After`: the next try is not before it
 * @param random at least 0, below 1
 */
export function nextTryAt(
  tries: number,
  { now, random, retryAfterMs = 0 }: { now: number; random: number; retryAfterMs?: number | undefined },
): number | undefined {
  const wait = waitsMs[tries]
  if (wait === undefined) return undefined
  const spread = wait * (1 - jitter + 2 * jitter * random)
  return Math.round(now + Math.max(spread, Math.min(retryAfterMs, retryAfterMsMax)))
}

/** Returns the milliseconds of a `Retry-After` header: seconds or an HTTP date (RFC 9110, 10.2.3). Anything else is ignored. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? ''
  if (/^\d{1,9}$/.test(text)) return Math.min(Number(text) * second, retryAfterMsMax)
  if (!/^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/.test(text)) return undefined
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : Math.min(Math.max(0, at - now), retryAfterMsMax)
}
