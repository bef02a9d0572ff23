import type { Clock } from './clock.ts'

const baseMs = 1_000
export const backoffMsMax = 30_000

/**
 * Full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"): anywhere from 0 to the doubled ceiling, so that
 * a thousand pages cut at once do not come back at once.
 */
export function backoffMs(attempt: number, clock: Pick<Clock, 'random'>): number {
  return Math.floor(clock.random() * Math.min(backoffMsMax, baseMs * 2 ** Math.min(attempt, 10)))
}
