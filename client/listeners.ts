type Listener<V> = (value: V) => void

/** Listeners of named events. A listener that throws is reported as an uncaught error, and the others are still called. */
export interface Listeners<Events> {
  /** Returns a function that removes the listener. */
  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void
  off<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): void
  emit<Name extends keyof Events>(name: Name, value: Events[Name]): void
}

export function openListeners<Events>(): Listeners<Events> {
  const sets: { [Name in keyof Events]?: Set<Listener<Events[Name]>> } = {}
  const off: Listeners<Events>['off'] = (name, listener) => sets[name]?.delete(listener)
  return {
    on(name, listener) {
      sets[name] ??= new Set()
      sets[name].add(listener)
      return () => off(name, listener)
    },
    off,
    emit(name, value) {
      for (const listener of [...(sets[name] ?? [])]) {
        try {
          listener(value)
        } catch (thrown) {
          queueMicrotask(() => {
            throw thrown
          })
        }
      }
    },
  }
}
