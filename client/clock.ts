/** Time and randomness, which tests replace in order to run a day in a second. */
export interface Clock {
  /** Unix milliseconds. */
  now(): number
  /** Runs the task once after the delay. The returned function cancels it. */
  after(delayMs: number, task: () => void): () => void
  /** At least 0, below 1. */
  random(): number
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs)
    return () => clearTimeout(timer)
  },
  random: () => Math.random(),
}
