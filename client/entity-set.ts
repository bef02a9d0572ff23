import type { Removal, Topic } from '../contracts/frames.ts'

/** Order of an entity's versions; the same as `isNewer` of the contracts, kept here so that no schema is bundled. */
interface Versioned {
  v: string
  r: number
}
export function isNewer(a: Versioned, b: Versioned): boolean {
  return a.v > b.v || (a.v === b.v && a.r > b.r)
}

/** `set`: it is so now. `gone`: removed, or a call that ended; `entity` is then its last state, if one was told. */
export interface ChangeOf<T extends Topic, E> {
  topic: T
  kind: 'set' | 'gone'
  source: 'snapshot' | 'delta'
  id: string
  entity?: E
  before?: E
}

interface Grave extends Versioned {
  /** Missing from a snapshot rather than said to be gone: the same version may come back in another snapshot. */
  missing: boolean
}

/** About 100 KB. A busy site ends one call a second, so a delta would have to be a quarter of an hour late to outlive it. */
const gravesMax = 1_000

/**
 * What is live of one topic. It never goes back: whatever comes late, twice or in any order, an entity only moves to a newer
 * `(v, r)`, and one that is gone stays gone until something newer is said of it.
 */
export class EntitySet<T extends Topic, E extends Versioned & { id: string }> {
  readonly live = new Map<string, E>()
  readonly #topic: T
  readonly #isOver: (entity: E) => boolean
  readonly #graves = new Map<string, Grave>()
  /** The newest version whose grave was given up: an unknown entity not above it may be one of those. */
  #forgotten = ''
  /** Between subscribing and the last part: what the snapshot lists, and what deltas said meanwhile. */
  #listing: { parts: Set<number>; listed: Set<string>; touched: Set<string> } | undefined

  constructor(topic: T, isOver: (entity: E) => boolean) {
    this.#topic = topic
    this.#isOver = isOver
  }

  /** To be called before the subscription is sent: a delta that overtakes the snapshot is newer than what it lists. */
  expectSnapshot(): void {
    this.#listing = { parts: new Set(), listed: new Set(), touched: new Set() }
  }

  /** Takes one part; `complete` once all have come, in any order. */
  snapshot(part: number, parts: number, entities: readonly E[]): { changes: ChangeOf<T, E>[]; complete: boolean } {
    const listing = this.#listing
    const changes = entities.flatMap((entity) => this.#put(entity, 'snapshot'))
    if (!listing) return { changes, complete: true }
    for (const { id } of entities) listing.listed.add(id)
    listing.parts.add(part)
    if (listing.parts.size < parts) return { changes, complete: false }
    this.#listing = undefined
    const missing = [...this.live.values()].filter(({ id }) => !listing.listed.has(id) && !listing.touched.has(id))
    return { changes: [...changes, ...missing.map((entity) => this.#bury(entity, 'snapshot', true))], complete: true }
  }

  delta(entities: readonly E[], removed: readonly Removal[]): ChangeOf<T, E>[] {
    for (const { id } of entities) this.#listing?.touched.add(id)
    const gone = removed.filter((removal) => this.#isNews(removal, 'delta'))
    return [...entities.flatMap((entity) => this.#put(entity, 'delta')), ...gone.map((one) => this.#bury(one, 'delta'))]
  }

  #isNews(said: Versioned & { id: string }, source: 'snapshot' | 'delta'): boolean {
    const known = this.live.get(said.id)
    if (known) return isNewer(said, known)
    const grave = this.#graves.get(said.id)
    if (!grave) return source === 'snapshot' || said.v > this.#forgotten
    return isNewer(said, grave) || (source === 'snapshot' && grave.missing && !isNewer(grave, said))
  }

  #put(entity: E, source: 'snapshot' | 'delta'): ChangeOf<T, E>[] {
    if (!this.#isNews(entity, source)) return []
    if (this.#isOver(entity)) return [{ ...this.#bury(entity, source), entity }]
    const before = this.live.get(entity.id)
    this.#graves.delete(entity.id)
    this.live.set(entity.id, entity)
    return [{ topic: this.#topic, kind: 'set', source, id: entity.id, entity, ...(before && { before }) }]
  }

  #bury({ id, v, r }: Versioned & { id: string }, source: 'snapshot' | 'delta', missing = false): ChangeOf<T, E> {
    const before = this.live.get(id)
    this.live.delete(id)
    this.#graves.delete(id)
    this.#graves.set(id, { v, r, missing })
    for (const [oldest, grave] of this.#graves) {
      if (this.#graves.size <= gravesMax) break
      this.#graves.delete(oldest)
      if (grave.v > this.#forgotten) this.#forgotten = grave.v
    }
    return { topic: this.#topic, kind: 'gone', source, id, ...(before && { before }) }
  }
}
