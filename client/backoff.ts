import type { Clock } from './clock.ts'

const backoffBaseMs = 1_000
export const backoffMsMax = 30_000

/**
 * Full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"): a random wait below a limit that doubles, so that
 * a thousand pages that lose their sockets together do not reconnect together.
 */
export function backoffMs(attempt: number, clock: Pick<Clock, 'random'>): number {
  return Math.floor(clock.random() * Math.min(backoffMsMax, backoffBaseMs * 2 ** Math.min(attempt, 10)))
}
