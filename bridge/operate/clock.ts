/** Time and chance, as the bridge's parts ask for them; a simulator or a test can put others in their place. */
export interface Clock {
  /** Unix milliseconds. It may jump either way, so it is only for what is written down or compared with such. */
  nowMs(): number
  /** Milliseconds since some moment; never goes back. For limits and pauses. */
  monotonicMs(): number
  /** Calls back once, `ms` from now, or after this turn of the event loop if that is 0; the answer cancels it. */
  after(ms: number, call: () => void): () => void
  /** From 0 up to, not with, 1. */
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
