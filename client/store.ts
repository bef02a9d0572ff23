import type {
  CallEntity,
  DeltaFrame,
  EndpointEntity,
  EntityTopic,
  QueueEntity,
  ResumedFrame,
  SnapshotFrame,
  StatsFrame,
  Topic,
} from '../contracts/frames.ts'
import { type ChangeOf, type Digest, EntitySet } from './entity-set.ts'
import { isObject } from './guards.ts'

export type Change =
  | ChangeOf<'endpoints', EndpointEntity>
  | ChangeOf<'calls', CallEntity>
  | ChangeOf<'queues', QueueEntity>

/** When the bridge last sent something. */
export interface Heard {
  lastHeard: string
  /** When the client learnt `lastHeard`, in Unix milliseconds: by the cloud's clock if the frame had the cloud's time, else by its own. */
  learntAt: number
  /** The bridge is silent, so the state shown may be out of date. */
  stale: boolean
}

/** Whether the bridge reaches the PBX, as it last said, and since when (RFC 3339). */
export interface Pbx {
  state: 'up' | 'down'
  since: string
  /** Orders reports. */
  v?: string | undefined
}

export function isPbx(value: unknown): value is Pbx {
  return isObject(value) && typeof value['since'] === 'string' && (value['state'] === 'up' || value['state'] === 'down')
}

/** The state of one site, kept up to date by frames. */
export class LiveStore {
  readonly #sets = {
    endpoints: new EntitySet<'endpoints', EndpointEntity>('endpoints', () => false),
    calls: new EntitySet<'calls', CallEntity>('calls', ({ state }) => state.state === 'ended'),
    queues: new EntitySet<'queues', QueueEntity>('queues', ({ state }) => state.part === 'gone'),
  }
  readonly endpoints: ReadonlyMap<string, EndpointEntity> = this.#sets.endpoints.live
  readonly calls: ReadonlyMap<string, CallEntity> = this.#sets.calls.live
  /** Queues, their members and waiting callers, each an entity. */
  readonly queues: ReadonlyMap<string, QueueEntity> = this.#sets.queues.live
  heard: Heard | undefined
  pbx: Pbx | undefined
  stats: StatsFrame | undefined

  /** Call this before sending a subscription, and with `isExpected` false if a resume answers it instead. */
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

  /** Two functions may send reports in another order than the bridge made them. */
  hearPbx(pbx: Pbx): void {
    if ((pbx.v ?? '') >= (this.pbx?.v ?? '')) this.pbx = pbx
  }

  hear(lastHeard: unknown, learntAt: number, stale = false): void {
    if (typeof lastHeard !== 'string') return
    const known = this.heard?.lastHeard ?? ''
    this.heard = { lastHeard: lastHeard > known ? lastHeard : known, learntAt, stale: stale && lastHeard >= known }
  }

  /** Marks what is known as this much older, because no frame could arrive meanwhile. */
  grow(ageMs: number): void {
    if (this.heard) this.heard = { ...this.heard, learntAt: this.heard.learntAt + ageMs, stale: true }
  }
}
