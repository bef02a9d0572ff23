import type { CallEntity, DeltaFrame, EndpointEntity, SnapshotFrame, Topic } from '../contracts/frames.ts'
import { type ChangeOf, EntitySet } from './entity-set.ts'
import { isCallEntity, isEndpointEntity, isRemoval } from './guards.ts'

export type Change = ChangeOf<'endpoints', EndpointEntity> | ChangeOf<'calls', CallEntity>

/** Ended calls kept for whoever wants to show what just happened; the call log has the rest. */
export const recentCallsMax = 50

/** When the bridge was last heard, and when that was learnt by this client's own clock (Unix ms). */
export interface Heard {
  lastHeard: string
  learntAt: number
}

/** The picture of one site, as the frames tell it. */
export class LiveStore {
  readonly #endpoints = new EntitySet<'endpoints', EndpointEntity>('endpoints', () => false)
  readonly #calls = new EntitySet<'calls', CallEntity>('calls', ({ state }) => state.state === 'ended')
  readonly recentCalls: CallEntity[] = []
  heard: Heard | undefined

  get endpoints(): ReadonlyMap<string, EndpointEntity> {
    return this.#endpoints.live
  }
  get calls(): ReadonlyMap<string, CallEntity> {
    return this.#calls.live
  }

  expectSnapshot(topics: readonly Topic[]): void {
    if (topics.includes('endpoints')) this.#endpoints.expectSnapshot()
    if (topics.includes('calls')) this.#calls.expectSnapshot()
  }

  snapshot(frame: SnapshotFrame, now: number): { changes: Change[]; complete: boolean } {
    this.hear(frame.lastHeard, now)
    const { topic, part, parts, entities } = frame
    if (topic === 'endpoints') return this.#endpoints.snapshot(part, parts, entities.filter(isEndpointEntity))
    const taken = this.#calls.snapshot(part, parts, entities.filter(isCallEntity))
    this.#keepEnded(taken.changes)
    return taken
  }

  delta(frame: DeltaFrame, now: number): Change[] {
    // With `r` above 0 it is the cloud that speaks, not the bridge.
    if (frame.w > 0 && frame.entities.some(({ r }) => r === 0)) this.hear(new Date(frame.w).toISOString(), now)
    const removed = (frame.removed ?? []).filter(isRemoval)
    if (frame.topic === 'endpoints') return this.#endpoints.delta(frame.entities.filter(isEndpointEntity), removed)
    const changes = this.#calls.delta(frame.entities.filter(isCallEntity), removed)
    this.#keepEnded(changes)
    return changes
  }

  hear(lastHeard: string | undefined, now: number): void {
    if (lastHeard === undefined) return
    const known = this.heard?.lastHeard ?? ''
    this.heard = { lastHeard: lastHeard > known ? lastHeard : known, learntAt: now }
  }

  #keepEnded(changes: readonly ChangeOf<'calls', CallEntity>[]): void {
    for (const { kind, entity } of changes) if (kind === 'gone' && entity) this.recentCalls.unshift(entity)
    this.recentCalls.splice(recentCallsMax)
  }
}
