import { useEffect, useState } from 'preact/hooks'

const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

/** Calls the listener each second until the returned function is called. All listeners share one timer. */
export function onSecond(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= setInterval(() => {
    for (const each of listeners) each()
  }, 1_000)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

/**
 * The clock that a page shows durations by: the browser's, corrected by the cloud's, or a moment at which it stands still because
 * nothing newer is known.
 */
export interface ShownClock {
  /** Milliseconds by which the cloud's clock is ahead of the browser's. */
  skewMs: number
  /** Unix milliseconds by the cloud's clock; undefined while the page is up to date. */
  frozenAtMs: number | undefined
}

function nowOf({ skewMs, frozenAtMs }: ShownClock): number {
  return frozenAtMs ?? Date.now() + skewMs
}

/** Returns the time in Unix milliseconds, and draws the component again each second. */
export function useNow(clock: ShownClock): number {
  const [, setTick] = useState(0)
  useEffect(() => onSecond(() => setTick((tick) => tick + 1)), [])
  return nowOf(clock)
}
