import { entityKeyOf, entityOf, findGaps } from './event-line.ts'

/** Entities remembered, about 1 MB of lines. With more, the bridge publishes its whole state under a new epoch instead. */
const entitiesMax = 2000

/** The last late fact of one entity, or a gap. */
export interface LateFact {
  type: string
  subject: string
  /** The fact's JSON. */
  line: string
}

export interface LateFactSummary {
  facts: LateFact[]
  /** More than `entitiesMax` entities had late facts: `facts` holds only the gaps. */
  isEverything: boolean
}

/**
 * Remembers which entities had late facts. Late facts never change live state in the cloud, so the bridge publishes the
 * current state of these entities once all late facts are sent. Lines are kept as Latin-1 text, one byte a character.
 */
export class LateFacts {
  readonly #lastLines = new Map<string, string>()
  /** Every gap is kept: a later gap does not replace an earlier one. */
  #gaps: string[] = []
  #isEverything = false

  /** The lines' memory may be reused afterwards. */
  add(lines: readonly Buffer[]): void {
    const gaps = findGaps(lines)
    this.#gaps = [...this.#gaps, ...gaps.map((gap) => gap.toString('latin1'))].slice(-entitiesMax)
    if (this.#isEverything) return
    const last = new Map(lines.map((line) => [entityKeyOf(line), line]))
    for (const gap of gaps) last.delete(entityKeyOf(gap))
    for (const [key, line] of last) this.#lastLines.set(key, line.toString('latin1'))
    if (this.#lastLines.size <= entitiesMax) return
    this.#isEverything = true
    this.#lastLines.clear()
  }

  /** Returns what was added since the last call. */
  take(): LateFactSummary {
    const facts = [...this.#gaps, ...this.#lastLines.values()].map(decode)
    const isEverything = this.#isEverything
    this.#gaps = []
    this.#lastLines.clear()
    this.#isEverything = false
    return { facts, isEverything }
  }
}

function decode(latin1: string): LateFact {
  const line = Buffer.from(latin1, 'latin1').toString('utf8')
  return { ...entityOf(line), line }
}
