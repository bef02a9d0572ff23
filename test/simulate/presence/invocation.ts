/** A run of a function; once dead nothing that it does has an effect any more. */
export interface Invocation {
  isDead: boolean
  onDeath: () => void
}

/** What a dead one waits for. */
export function never(): Promise<never> {
  return new Promise(() => undefined)
}
