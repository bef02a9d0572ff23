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

export type Change = ChangeOf<'endpoints', EndpointEntity> | ChangeOf<'calls', CallEntity>

/** When the bridge was last heard, and when that was learnt (Unix ms), both by the cloud's clock where it tells its time. */
export interface Heard {
  lastHeard: string
  learntAt: number
  /** The bridge is silent: what is shown may not be so any more. */
  stale: boolean
}

/** The picture of one site, as the frames tell it. */
export class LiveStore {
  readonly #sets = {
    endpoints: new EntitySet<'endpoints', EndpointEntity>('endpoints', () => false),
    calls: new EntitySet<'calls', CallEntity>('calls', ({ state }) => state.state === 'ended'),
  }
  readonly endpoints: ReadonlyMap<string, EndpointEntity> = this.#sets.endpoints.live
  readonly calls: ReadonlyMap<string, CallEntity> = this.#sets.calls.live
  heard: Heard | undefined
  stats: StatsFrame | undefined

  /** Before a subscription is sent; `isExpected` false once it turned out that a resume answers it. */
  expectSnapshot(topics: readonly Topic[], isExpected = true): void {
    for (const topic of topics) if (topic !== 'stats') this.#sets[topic].expectSnapshot(isExpected)
  }

  snapshot(frame: SnapshotFrame): { changes: Change[]; complete: boolean } {
    return this.#sets[frame.topic].snapshot(frame)
  }

  delta(frame: DeltaFrame | ResumedFrame): Change[] {
    return this.#sets[frame.topic].delta(frame)
  }

  agrees(topic: EntityTopic, digest: Digest, t: number): boolean | undefined {
    return this.#sets[topic].agrees(digest, t)
  }

  hear(lastHeard: unknown, learntAt: number, stale = false): void {
    if (typeof lastHeard !== 'string') return
    const known = this.heard?.lastHeard ?? ''
    this.heard = { lastHeard: lastHeard > known ? lastHeard : known, learntAt, stale: stale && lastHeard >= known }
  }
}
