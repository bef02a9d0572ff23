/** What happens here, told to whoever wants it; nothing is kept. */
export function createListeners<T>() {
  const listeners = new Set<(value: T) => void>()
  return {
    tell(value: T): void {
      for (const listener of listeners) listener(value)
    },
    /** Returns the function that ends it. */
    listen(listener: (value: T) => void): () => void {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
