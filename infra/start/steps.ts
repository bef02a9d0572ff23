/** Prints the steps of the start: a line when a step is done, and a line before if it takes longer than a second. */
export class Steps {
  readonly #print: (line: string) => void
  readonly #started = performance.now()
  constructor(print: (line: string) => void) {
    this.#print = print
  }

  /** Runs one step; `say` reports its progress. Steps may run concurrently, since each line names its step. */
  async run<T>(name: string, work: (say: (detail: string) => void) => Promise<T>): Promise<T> {
    const started = performance.now()
    let last = ''
    const say = (detail: string) => {
      if (detail !== last && since(started) > quietSeconds) this.#print(`  … ${name}: ${detail}`)
      last = detail
    }
    const slow = setTimeout(() => this.#print(`  … ${name}${last && `: ${last}`}`), quietSeconds * 1000)
    try {
      const result = await work(say)
      this.#print(`  ✓ ${name} (${since(started).toFixed(1)} s)`)
      return result
    } catch (error) {
      this.#print(`  ✗ ${name}`)
      throw error
    } finally {
      clearTimeout(slow)
    }
  }

  say(text: string): void {
    this.#print(text)
  }

  /** Returns the seconds since the command started. */
  seconds(): number {
    return since(this.#started)
  }
}

/** A step that takes longer prints a line before it is done. */
const quietSeconds = 1

function since(started: number): number {
  return (performance.now() - started) / 1000
}
