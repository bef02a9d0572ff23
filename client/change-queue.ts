import type { Change } from './store.ts'

/** Beyond this a slow reader is given only the newest change of each entity, so the queue holds 1,000 or the site's entities. */
const queuedMax = 1_000

/** The changes as an async iterator, from the moment it is asked for until `end()`. */
export class ChangeQueue implements AsyncIterableIterator<Change, undefined> {
  #queued: Change[] = []
  #waiting: ((result: IteratorResult<Change, undefined>) => void)[] = []
  #ended = false
  readonly #onReturn: () => void

  constructor(onReturn: () => void) {
    this.#onReturn = onReturn
  }

  push(changes: readonly Change[]): void {
    for (const value of changes) {
      const next = this.#waiting.shift()
      if (next) next({ done: false, value })
      else this.#queued.push(value)
    }
    if (this.#queued.length > queuedMax) {
      this.#queued = [...new Map(this.#queued.map((change) => [`${change.topic} ${change.id}`, change])).values()]
    }
  }

  end(): void {
    this.#ended = true
    for (const next of this.#waiting.splice(0)) next({ done: true, value: undefined })
  }

  next(): Promise<IteratorResult<Change, undefined>> {
    const value = this.#queued.shift()
    if (value) return Promise.resolve({ done: false, value })
    if (this.#ended) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  return(): Promise<IteratorResult<Change, undefined>> {
    this.end()
    this.#onReturn()
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
