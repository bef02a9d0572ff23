import type { Clock } from './clock.ts'
import { timer } from './timer.ts'

/** A person who opens the lid sees within this time how old the data is. */
const checkMs = 1_000
/** In sleep the wall clock advances and the monotonic one may not. Smaller differences are corrections of the clock. */
const differenceMsMax = 5_000
/** A ping each 45 s and its answer within 10 s keep a live connection well below this. */
const silentMsMax = 70_000

export interface WakeWatch {
  start(): void
  /** Checks now, for example because the page became visible; returns whether `onWake` was called. */
  check(): boolean
  stop(): void
}

/**
 * Between start and stop, calls `onWake` after the machine slept or the browser froze the page. `silentMs` returns the time
 * since the last frame.
 */
export function watchWake(clock: Clock, silentMs: () => number, onWake: () => void): WakeWatch {
  const next = timer(clock)
  const aheadMs = () => clock.now() - (clock.monotonic?.() ?? clock.now())
  let before: number | undefined
  const check = () => {
    if (before === undefined) return false
    next(checkMs, check)
    const now = aheadMs()
    const hasSlept = Math.abs(now - before) > differenceMsMax || silentMs() > silentMsMax
    before = now
    if (hasSlept) onWake()
    return hasSlept
  }
  return {
    start() {
      before = aheadMs()
      next(checkMs, check)
    },
    check,
    stop() {
      before = undefined
      next()
    },
  }
}
