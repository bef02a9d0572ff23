/** A set of listeners that are called with each value. */
export function createListeners<T>() {
  const listeners = new Set<(value: T) => void>()
  return {
    notify(value: T): void {
      for (const listener of listeners) listener(value)
    },
    /** Adds a listener; returns the function that removes it. */
    add(listener: (value: T) => void): () => void {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
