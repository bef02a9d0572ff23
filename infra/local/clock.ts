/**
 * The scaled clock of AWS's long waits: idle connections, cached authorizers and schedules. At scale 60 an hour passes in a minute.
 * Function time-outs, visibility time-outs and time stamps use the real clock.
 */
export interface Clock {
  /** Scaled milliseconds since the clock was created; monotonic. */
  elapsedMs(): number
  /** Calls `callback` after `ms` scaled milliseconds; returns the function that cancels it. */
  after(ms: number, callback: () => void): () => void
}

/** The longest delay that setTimeout accepts, 24 days. */
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
