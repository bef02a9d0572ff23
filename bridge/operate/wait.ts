import { type Clock, realClock } from './clock.ts'

/** Waits. An abort resolves it early without an error: the caller checks the signal next. */
export function wait(ms: number, signal: AbortSignal, clock: Clock = realClock): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.after(ms, done)
    signal.addEventListener('abort', done, { once: true })
  })
}

/** Wakes one waiting loop. A notification before the wait is kept, and ends the next wait at once. */
export class Notifier {
  readonly #clock: Clock
  #isNotified = false
  #wake: (() => void) | undefined

  constructor(clock: Clock = realClock) {
    this.#clock = clock
  }

  notify(): void {
    this.#isNotified = true
    this.#wake?.()
  }

  /** Resolves after a notification since the last wait, after `msMax`, or when the signal aborts. */
  async wait(signal: AbortSignal, msMax?: number): Promise<void> {
    if (!this.#isNotified && !signal.aborted) await this.#sleep(signal, msMax)
    this.#isNotified = false
  }

  #sleep(signal: AbortSignal, msMax: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancel()
        signal.removeEventListener('abort', done)
        this.#wake = undefined
        resolve()
      }
      const cancel = msMax === undefined ? () => undefined : this.#clock.after(msMax, done)
      this.#wake = done
      signal.addEventListener('abort', done, { once: true })
    })
  }
}
