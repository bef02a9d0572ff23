import type { SwitchhookError } from '../../contracts/errors.ts'
import { type CounterId, isCounterId } from './metrics/counter-catalogue.ts'

/** Counts events and errors since the process started, by the ids of the catalogue: no id ever contains a value. */
export class Counters {
  readonly #counts = new Map<CounterId, number>()

  add(id: CounterId, count = 1): void {
    this.#counts.set(id, (this.#counts.get(id) ?? 0) + count)
  }

  /** Counts an error, and returns the id of its counter. */
  addError({ errorId }: SwitchhookError): CounterId {
    const id = isCounterId(errorId) ? errorId : 'other-error'
    this.add(id)
    return id
  }

  get(id: CounterId): number {
    return this.#counts.get(id) ?? 0
  }

  /** The counters that are not 0, by id. */
  snapshot(): Record<string, number> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)))
  }
}
