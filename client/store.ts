import type {
  CallEntity,
  DeltaFrame,
  EndpointEntity,
  EntityTopic,
  ResumedFrame,
  SnapshotFrame,
  StatsFrame,
  Topic,
} from '../contracts/frames.ts'
import { type ChangeOf, type Digest, EntitySet } from './entity-set.ts'
import { isCallEntity, isEndpointEntity, isVersioned } from './guards.ts'

export type Change = ChangeOf<'endpoints', EndpointEntity> | ChangeOf<'calls', CallEntity>

/** Ended calls kept for whoever wants to show what just happened; the call log has the rest. */
export const recentCallsMax = 50

/** When the bridge was last heard, and when that was learnt (Unix ms), both by the cloud's clock where it tells its time. */
export interface Heard {
  lastHeard: string
  learntAt: number
  /** The bridge is silent: what is shown may not be so any more. */
  stale: boolean
}

/** The picture of one site, as the frames tell it. */
export class LiveStore {
  readonly #endpoints = new EntitySet<'endpoints', EndpointEntity>('endpoints', () => false)
  readonly #calls = new EntitySet<'calls', CallEntity>('calls', ({ state }) => state.state === 'ended')
  readonly recentCalls: CallEntity[] = []
  heard: Heard | undefined
  stats: StatsFrame | undefined

  get endpoints(): ReadonlyMap<string, EndpointEntity> {
    return this.#endpoints.live
  }
  get calls(): ReadonlyMap<string, CallEntity> {
    return this.#calls.live
  }

  /** Before a subscription is sent; `isExpected` false once it turned out that a resume answers it. */
  expectSnapshot(topics: readonly Topic[], isExpected = true): void {
    if (topics.includes('endpoints')) this.#endpoints.expectSnapshot(isExpected)
    if (topics.includes('calls')) this.#calls.expectSnapshot(isExpected)
  }

  snapshot(frame: SnapshotFrame): { changes: Change[]; complete: boolean } {
    const { topic, entities, removed = [] } = frame
    if (topic === 'endpoints') return this.#endpoints.snapshot(frame, entities.filter(isEndpointEntity), removed)
    const taken = this.#calls.snapshot(frame, entities.filter(isCallEntity), removed)
    this.#keepEnded(taken.changes)
    return taken
  }

  delta({ topic, entities, removed = [], w }: DeltaFrame | ResumedFrame): Change[] {
    const gone = removed.filter(isVersioned)
    if (topic === 'endpoints') return this.#endpoints.delta(entities.filter(isEndpointEntity), gone, w)
    const changes = this.#calls.delta(entities.filter(isCallEntity), gone, w)
    this.#keepEnded(changes)
    return changes
  }

  agrees(topic: EntityTopic, digest: Digest, t: number): boolean | undefined {
    return (topic === 'endpoints' ? this.#endpoints : this.#calls).agrees(digest, t)
  }

  hear(lastHeard: string | undefined, learntAt: number, stale = false): void {
    if (lastHeard === undefined) return
    const known = this.heard?.lastHeard ?? ''
    this.heard = { lastHeard: lastHeard > known ? lastHeard : known, learntAt, stale: stale && lastHeard >= known }
  }

  #keepEnded(changes: readonly ChangeOf<'calls', CallEntity>[]): void {
    for (const { kind, entity } of changes) if (kind === 'gone' && entity) this.recentCalls.unshift(entity)
    this.recentCalls.splice(recentCallsMax)
  }
}
