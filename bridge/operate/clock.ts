/** The bridge's source of time and random numbers. Simulator and tests replace it. */
export interface Clock {
  /** Unix milliseconds. The wall clock may jump, so use it only for times that are stored or compared with stored ones. */
  nowMs(): number
  /** Milliseconds since an arbitrary moment; never goes back. For timeouts and pauses. */
  monotonicMs(): number
  /** Calls `call` once after `ms`; with 0, after this turn of the event loop. Returns a function that cancels it. */
  after(ms: number, call: () => void): () => void
  /** Returns a number in [0, 1). */
  random(): number
}

export const realClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(ms, call) {
    if (ms <= 0) {
      const soon = setImmediate(call)
      return () => clearImmediate(soon)
    }
    const timer = setTimeout(call, ms)
    return () => clearTimeout(timer)
  },
  random: () => Math.random(),
}
