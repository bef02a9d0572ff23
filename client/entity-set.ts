import { fnv1a32 } from '../contracts/fnv1a.ts'
import type { EntityTopic } from '../contracts/frames.ts'
import { isEntity, isVersioned } from './guards.ts'

/** Order of an entity's versions; the same as `isNewer` of the contracts, kept here so that no schema is bundled. */
interface Versioned {
  v: string
  r: number
}
export function isNewer(a: Versioned, b: Versioned): boolean {
  return a.v > b.v || (a.v === b.v && a.r > b.r)
}

/** `set`: it is so now. `gone`: removed, or a call that ended; `entity` is then its last state, if one was told. */
export interface ChangeOf<T extends EntityTopic, E> {
  topic: T
  kind: 'set' | 'gone'
  source: 'snapshot' | 'delta'
  id: string
  entity?: E
  before?: E
}
type Source = 'snapshot' | 'delta'

/** What a frame tells; entities that are none are passed over. */
interface Told {
  w: number
  entities: readonly unknown[]
  removed?: readonly unknown[] | undefined
}
interface Listed extends Told {
  part: number
  parts: number
}

interface Grave extends Versioned {
  /** Missing from a snapshot rather than said to be gone: the same version may come back in another snapshot. */
  missing: boolean
}

/** What the cloud has of a topic: the sum is of FNV-1a of `id@v.r`. `recent` ids, written within 3 s, are left out. */
export interface Digest {
  count: number
  sum: number
  recent?: string[] | undefined
}

/** About 100 KB. A busy site ends one call a second, so a delta would have to be a quarter of an hour late to outlive it. */
const gravesMax = 1_000
/** The cloud's longest from the stamp of a write to the write itself; what is older, a snapshot has read. */
const writeMsMax = 12_000
/** What was written later than this before a digest is among its `recent` ids, unless the digest had been read by then. */
const recentMs = 3_000

/**
 * What is live of one topic. It never goes back: whatever comes late, twice or in any order, an entity only moves to a newer
 * `(v, r)`, and one that is gone stays gone until something newer is said of it.
 */
export class EntitySet<T extends EntityTopic, E extends Versioned & { id: string }> {
  readonly live = new Map<string, E>()
  readonly #topic: T
  readonly #isOver: (entity: E) => boolean
  readonly #graves = new Map<string, Grave>()
  /** When each was written that a delta told of. */
  readonly #stamps = new Map<string, number>()
  /** The newest version whose grave was given up: an unknown entity not above it may be one of those. */
  #forgotten = ''
  /** Stamp of the last whole snapshot: what is told later but was written well before is in it, or over. */
  #asOf = 0
  /** Parts that came of the snapshot expected, if one is, and what was live before and has not been told of since. */
  #parts: Set<number> | undefined
  #untold = new Set<string>()

  constructor(topic: T, isOver: (entity: E) => boolean) {
    this.#topic = topic
    this.#isOver = isOver
  }

  /** To be called before the subscription is sent: a delta that overtakes the snapshot is newer than what it lists. */
  expectSnapshot(isExpected: boolean): void {
    this.#parts = isExpected ? new Set() : undefined
    this.#untold = new Set(this.live.keys())
  }

  /** Takes one part; `complete` once all have come, in any order. */
  snapshot({ part, parts, w, entities, removed }: Listed): { changes: ChangeOf<T, E>[]; complete: boolean } {
    const changes = this.#take(entities, removed, 'snapshot')
    const complete = !this.#parts || this.#parts.add(part).size >= parts
    if (!this.#parts || !complete) return { changes, complete }
    this.#parts = undefined
    this.#asOf = w
    for (const id of this.#untold) {
      const entity = this.live.get(id)
      if (entity) changes.push(this.#bury(entity, 'snapshot', true))
    }
    return { changes, complete }
  }

  delta({ w, entities, removed }: Told): ChangeOf<T, E>[] {
    if (w < this.#asOf - writeMsMax) return []
    const changes = this.#take(entities, removed, 'delta')
    for (const { id } of changes) this.#stamps.set(id, w)
    return changes
  }

  /** True or false, or undefined if a write came in between the two sides. */
  agrees({ count, sum, recent }: Digest, t: number): boolean | undefined {
    const left = new Set(recent)
    for (const [id, w] of this.#stamps) if (w > t - recentMs && !left.has(id)) return undefined
    for (const { id, v, r } of this.live.values()) {
      if (left.has(id)) continue
      count--
      sum -= fnv1a32(`${id}@${v}.${r}`)
    }
    return count === 0 && sum % 2 ** 32 === 0
  }

  #take(entities: readonly unknown[], removed: readonly unknown[] | undefined, source: Source): ChangeOf<T, E>[] {
    const gone = (removed ?? []).filter(isVersioned).filter((removal) => this.#isNews(removal, source))
    const told = entities.filter(isEntity<E>)
    const changes = told.flatMap((entity) => this.#put(entity, source))
    // Of a delta only what was news: it may be older than the snapshot, which then does list the entity or does not.
    for (const { id } of source === 'snapshot' ? told : changes) this.#untold.delete(id)
    return [...changes, ...gone.map((one) => this.#bury(one, source))]
  }

  #isNews(said: Versioned & { id: string }, source: Source): boolean {
    const known = this.live.get(said.id)
    if (known) return isNewer(said, known)
    const grave = this.#graves.get(said.id)
    if (!grave) return source === 'snapshot' || said.v > this.#forgotten
    return isNewer(said, grave) || (source === 'snapshot' && grave.missing && !isNewer(grave, said))
  }

  #put(entity: E, source: Source): ChangeOf<T, E>[] {
    if (!this.#isNews(entity, source)) return []
    if (this.#isOver(entity)) return [{ ...this.#bury(entity, source), entity }]
    const before = this.live.get(entity.id)
    this.#graves.delete(entity.id)
    this.live.set(entity.id, entity)
    return [{ topic: this.#topic, kind: 'set', source, id: entity.id, entity, ...(before && { before }) }]
  }

  #bury({ id, v, r }: Versioned & { id: string }, source: Source, missing = false): ChangeOf<T, E> {
    const before = this.live.get(id)
    this.live.delete(id)
    this.#graves.delete(id)
    this.#graves.set(id, { v, r, missing })
    for (const [oldest, grave] of this.#graves) {
      if (this.#graves.size <= gravesMax) break
      this.#graves.delete(oldest)
      this.#stamps.delete(oldest)
      if (grave.v > this.#forgotten) this.#forgotten = grave.v
    }
    return { topic: this.#topic, kind: 'gone', source, id, ...(before && { before }) }
  }
}
