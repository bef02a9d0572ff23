/** One run of a function. Once it is dead, nothing that it does has an effect. */
export interface Invocation {
  isDead: boolean
  onDeath: () => void
}

/** Never resolves: a dead invocation waits for it. */
export function never(): Promise<never> {
  return new Promise(() => undefined)
}
