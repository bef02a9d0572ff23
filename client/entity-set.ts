import { fnv1a32 } from '../contracts/fnv1a.ts'
import type { EntityTopic } from '../contracts/frames.ts'
import { isEntity, isVersioned } from './guards.ts'

interface Versioned {
  v: string
  r: number
}
/** Orders the versions of an entity, as the cloud's own `isNewer` does; that one would bring the schema library along. */
export function isNewer(a: Versioned, b: Versioned): boolean {
  return a.v > b.v || (a.v === b.v && a.r > b.r)
}

/**
 * One change of an entity. `set`: it has this state now. `gone`: it was removed, or the call ended; `entity` is then its
 * last state, if the cloud sent one.
 */
export interface ChangeOf<T extends EntityTopic, E> {
  topic: T
  kind: 'set' | 'gone'
  source: 'snapshot' | 'delta'
  id: string
  entity?: E
  before?: E
}
type Source = 'snapshot' | 'delta'

/** The content of a frame. Entities of an unexpected form are skipped. */
interface Content {
  w: number
  entities: readonly unknown[]
  removed?: readonly unknown[] | undefined
}
interface SnapshotPart extends Content {
  part: number
  parts: number
}

interface Tombstone extends Versioned {
  /** A snapshot did not list the entity, but nothing said that it is gone: another snapshot may list this version again. */
  isAssumed: boolean
}

/**
 * What the cloud holds of a topic. `sum` adds the FNV-1a hashes of `id@v.r`. Entities in `recent`, written less than 3 s
 * before, count in neither figure.
 */
export interface Digest {
  count: number
  sum: number
  recent?: string[] | undefined
}

/** About 100 KB. At one ended call a second, a delta has to be a quarter of an hour late to outlive its tombstone. */
const tombstonesMax = 1_000
/** The cloud stamps a write at most this long before it writes, so a snapshot has read every older write. */
const writeMsMax = 12_000
/** A digest lists as `recent` what was written this short before it, unless the cloud had read it by then. */
const recentMs = 3_000

/**
 * The live entities of one topic. Frames may be late, repeated or out of order: an entity only moves to a newer `(v, r)`,
 * and one that is gone stays gone until a newer version arrives.
 */
export class EntitySet<T extends EntityTopic, E extends Versioned & { id: string }> {
  readonly live = new Map<string, E>()
  readonly #topic: T
  readonly #isOver: (entity: E) => boolean
  readonly #tombstones = new Map<string, Tombstone>()
  /** Write time of each entity in the latest delta that changed it. */
  readonly #writtenAt = new Map<string, number>()
  /** The newest version whose tombstone was discarded. A delta with an unknown entity up to this version may be late. */
  #discarded = ''
  /** Stamp of the last complete snapshot. It contains everything that was written well before. */
  #snapshotAt = 0
  /** Parts of the expected snapshot that have arrived; undefined if no snapshot is expected. */
  #parts: Set<number> | undefined
  /** Entities that were live before the expected snapshot and that no frame has confirmed since. */
  #unconfirmed = new Set<string>()

  constructor(topic: T, isOver: (entity: E) => boolean) {
    this.#topic = topic
    this.#isOver = isOver
  }

  /** Call this before sending a subscription: a delta that overtakes the snapshot is newer than what it lists. */
  expectSnapshot(isExpected: boolean): void {
    this.#parts = isExpected ? new Set() : undefined
    this.#unconfirmed = new Set(this.live.keys())
  }

  /** Applies one part of a snapshot. `complete` is true once all parts have come, in any order. */
  snapshot({ part, parts, w, entities, removed }: SnapshotPart): { changes: ChangeOf<T, E>[]; complete: boolean } {
    const changes = this.#apply(entities, removed, 'snapshot')
    const complete = !this.#parts || this.#parts.add(part).size >= parts
    if (!this.#parts || !complete) return { changes, complete }
    this.#parts = undefined
    this.#snapshotAt = w
    for (const id of this.#unconfirmed) {
      const entity = this.live.get(id)
      if (entity) changes.push(this.#remove(entity, 'snapshot', true))
    }
    return { changes, complete }
  }

  delta({ w, entities, removed }: Content): ChangeOf<T, E>[] {
    if (w < this.#snapshotAt - writeMsMax) return []
    const changes = this.#apply(entities, removed, 'delta')
    for (const { id } of changes) this.#writtenAt.set(id, w)
    return changes
  }

  /** Compares with the cloud's digest of time `t`. Returns undefined if a write came in between, so that nothing is known. */
  agrees({ count, sum, recent }: Digest, t: number): boolean | undefined {
    const excluded = new Set(recent)
    for (const [id, w] of this.#writtenAt) if (w > t - recentMs && !excluded.has(id)) return undefined
    for (const { id, v, r } of this.live.values()) {
      if (excluded.has(id)) continue
      count--
      sum -= fnv1a32(`${id}@${v}.${r}`)
    }
    return count === 0 && sum % 2 ** 32 === 0
  }

  #apply(entities: readonly unknown[], removed: readonly unknown[] | undefined, source: Source): ChangeOf<T, E>[] {
    const removals = (removed ?? []).filter(isVersioned).filter((removal) => this.#isNews(removal, source))
    const valid = entities.filter(isEntity<E>)
    const changes = valid.flatMap((entity) => this.#put(entity, source))
    // A delta may be older than the snapshot, so it confirms only the entities that it changed.
    for (const { id } of source === 'snapshot' ? valid : changes) this.#unconfirmed.delete(id)
    return [...changes, ...removals.map((removal) => this.#remove(removal, source))]
  }

  #isNews(version: Versioned & { id: string }, source: Source): boolean {
    const known = this.live.get(version.id)
    if (known) return isNewer(version, known)
    const tombstone = this.#tombstones.get(version.id)
    if (!tombstone) return source === 'snapshot' || version.v > this.#discarded
    return isNewer(version, tombstone) || (source === 'snapshot' && tombstone.isAssumed && !isNewer(tombstone, version))
  }

  #put(entity: E, source: Source): ChangeOf<T, E>[] {
    if (!this.#isNews(entity, source)) return []
    if (this.#isOver(entity)) return [{ ...this.#remove(entity, source), entity }]
    const before = this.live.get(entity.id)
    this.#tombstones.delete(entity.id)
    this.live.set(entity.id, entity)
    return [{ topic: this.#topic, kind: 'set', source, id: entity.id, entity, ...(before && { before }) }]
  }

  #remove({ id, v, r }: Versioned & { id: string }, source: Source, isAssumed = false): ChangeOf<T, E> {
    const before = this.live.get(id)
    this.live.delete(id)
    // Deleted first, so that the map stays in order of age.
    this.#tombstones.delete(id)
    this.#tombstones.set(id, { v, r, isAssumed })
    for (const [oldest, tombstone] of this.#tombstones) {
      if (this.#tombstones.size <= tombstonesMax) break
      this.#tombstones.delete(oldest)
      this.#writtenAt.delete(oldest)
      if (tombstone.v > this.#discarded) this.#discarded = tombstone.v
    }
    return { topic: this.#topic, kind: 'gone', source, id, ...(before && { before }) }
  }
}
