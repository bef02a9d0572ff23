/** Time and chance, handed in so that a test runs a day in a second. */
export interface Clock {
  /** Unix milliseconds. */
  now(): number
  /** Runs the task once after the delay; the answer calls it off. */
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
