/**
 * The time that AWS's waits are measured by: idle connections, cached authorizers, schedules. At scale 60 an hour of them passes in a
 * minute; function time-outs, visibility time-outs and time stamps stay on the real clock.
 */
export interface Clock {
  /** Scaled milliseconds since the clock was made; never goes back. */
  elapsedMs(): number
  /** Calls back after `ms` scaled milliseconds; returns the function that cancels it. */
  after(ms: number, callback: () => void): () => void
}

/** setTimeout takes no longer wait than this, 24 days. */
const timerMsMax = 2 ** 31 - 1

export function createClock(scale: number): Clock {
  const startedAt = performance.now()
  return {
    elapsedMs: () => (performance.now() - startedAt) * scale,
    after(ms, callback) {
      const timer = setTimeout(callback, Math.min(ms / scale, timerMsMax))
      timer.unref()
      return () => clearTimeout(timer)
    },
  }
}
