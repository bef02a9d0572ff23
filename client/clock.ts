/** Time and randomness, which tests replace in order to run a day in a second. */
export interface Clock {
  /** Unix milliseconds. */
  now(): number
  /** Milliseconds from any start, never set by hand or by a time server. It shows that the machine slept; optional. */
  monotonic?(): number
  /** Runs the task once after the delay. The returned function cancels it. */
  after(delayMs: number, task: () => void): () => void
  /** At least 0, below 1. */
  random(): number
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs)
    return () => clearTimeout(timer)
  },
  random: () => Math.random(),
}
