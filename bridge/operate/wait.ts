import { setTimeout as sleep } from 'node:timers/promises'

/** Waits; an abort ends the wait early and quietly, since whoever waits looks at the signal next. */
export async function wait(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await sleep(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
}

/** Wakes one waiting loop; a wake that comes before the wait is kept. */
export class Bell {
  #rung = false
  #wake: (() => void) | undefined

  ring(): void {
    this.#rung = true
    this.#wake?.()
  }

  /** Resolves when the bell was rung since the last time, `msMax` have passed, or the signal aborts. */
  async heard(signal: AbortSignal, msMax?: number): Promise<void> {
    if (!this.#rung && !signal.aborted) await this.#sleep(signal, msMax)
    this.#rung = false
  }

  #sleep(signal: AbortSignal, msMax: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const timer = msMax === undefined ? undefined : setTimeout(done, msMax)
      this.#wake = done
      signal.addEventListener('abort', done, { once: true })
      const bell = this
      function done(): void {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        bell.#wake = undefined
        resolve()
      }
    })
  }
}
