type Listener<V> = (value: V) => void

/** Who wants to hear of what. A listener that throws is reported as any uncaught error is, and keeps nobody from hearing. */
export class Listeners<Events> {
  readonly #sets: { [Name in keyof Events]?: Set<Listener<Events[Name]>> } = {}

  /** The answer takes the listener off again. */
  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void {
    const set = this.#sets[name] ?? new Set()
    this.#sets[name] = set
    set.add(listener)
    return () => this.off(name, listener)
  }

  off<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): void {
    this.#sets[name]?.delete(listener)
  }

  emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    for (const listener of [...(this.#sets[name] ?? [])]) {
      try {
        listener(value)
      } catch (thrown) {
        queueMicrotask(() => {
          throw thrown
        })
      }
    }
  }
}
