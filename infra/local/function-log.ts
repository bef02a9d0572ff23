export interface FunctionLine {
  /** The function's full name. */
  function: string
  line: string
}

/** What functions print, line by line, for whoever wants it; nothing is kept. */
export function createFunctionLog() {
  const listeners = new Set<(line: FunctionLine) => void>()
  return {
    write(name: string, line: string): void {
      for (const listener of listeners) listener({ function: name, line })
    },
    listen(listener: (line: FunctionLine) => void): () => void {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
