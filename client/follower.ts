import type { ClientFrame, DeltaFrame, EntityTopic, ServerFrame, Topic } from '../contracts/frames.ts'
import { ApiError } from './api.ts'
import { Sequence } from './sequence.ts'
import type { Change, LiveStore } from './store.ts'

type Told<T extends ServerFrame['type']> = Extract<ServerFrame, { type: T }>

export interface FollowerPorts {
  store: LiveStore
  topics: readonly Topic[]
  extensions?: readonly string[] | undefined
  onChange(changes: readonly Change[]): void
  onReset(epoch: number): void
}

/**
 * Knows how far the picture reaches: which counts are missing, since when, and what to ask the cloud so that it is whole
 * again.
 */
export class Follower {
  readonly #ports: FollowerPorts
  readonly #sequences = { endpoints: new Sequence(), calls: new Sequence() }
  #epoch = 0
  /** Everything written up to this stamp has been told, 12 s before it apart. 0 before the first whole snapshot. */
  #w = 0
  readonly #pending = new Set<Topic>()
  #parts = 0
  /** Newest stamp of the answer that is coming in. */
  #reached = 0
  #mismatches = 0

  constructor(ports: FollowerPorts) {
    this.#ports = ports
  }

  /** Subscribed, and told all. */
  get isWhole(): boolean {
    return this.#pending.size === 0
  }
  get hasHole(): boolean {
    return this.#sequences.endpoints.hasHole || this.#sequences.calls.hasHole
  }

  /** What to ask so as to be told all: only what is new, if the rest is known. */
  ask(isResume = true): ClientFrame {
    const { store, topics, extensions } = this.#ports
    const resumes = isResume && this.#w > 0 && !extensions
    for (const topic of topics) this.#pending.add(topic)
    this.#parts = this.#reached = 0
    this.#sequences.endpoints.accept()
    this.#sequences.calls.accept()
    store.expectSnapshot(topics)
    const wish = { topics: [...topics], ...(extensions && { extensions: [...extensions] }) }
    return resumes ? { action: 'resume', ...wish, epoch: this.#epoch, w: this.#w } : { action: 'subscribe', ...wish }
  }

  ping(): ClientFrame {
    const { topics, extensions } = this.#ports
    return { action: 'ping', topics: [...topics], ...(extensions && { extensions: [...extensions] }) }
  }

  take(frame: Told<'snapshot' | 'resumed' | 'delta' | 'stats' | 'reset'>): void {
    const { store, onChange } = this.#ports
    if (frame.type !== 'stats') this.#note(frame.epoch ?? 0)
    if (frame.type === 'snapshot') {
      const { changes, complete } = store.snapshot(frame)
      onChange(changes)
      if (complete) this.#told(frame.topic, frame.w)
    } else if (frame.type === 'resumed') {
      onChange(store.delta(frame))
      if (++this.#parts < frame.parts) return
      store.expectSnapshot([frame.topic], false)
      this.#told(frame.topic, frame.w)
    } else if (frame.type === 'delta') {
      onChange(store.delta(frame))
      this.#follow(frame)
    } else if (frame.type === 'stats') {
      store.stats = frame
      onChange([])
      this.#told('stats', 0)
    }
  }

  /** True once the picture has been found to differ from the cloud's twice: it is to be asked for anew. */
  differs({ digests = {}, t = 0 }: Told<'pong'>): boolean {
    const agree = (topic: EntityTopic) => {
      const digest = digests[topic]
      return digest ? this.#ports.store.agrees(topic, digest, t) : true
    }
    const both = [agree('endpoints'), agree('calls')]
    if (both.includes(false)) this.#mismatches++
    else if (!both.includes(undefined)) this.#mismatches = 0
    if (this.#mismatches < 2) return false
    this.#mismatches = 0
    return true
  }
  get isInDoubt(): boolean {
    return this.#mismatches > 0
  }

  #follow({ topic, epoch, ks, w }: DeltaFrame): void {
    this.#sequences[topic].take(epoch, ks)
    if (this.isWhole && !this.hasHole) this.#w = Math.max(this.#w, w)
  }

  #told(topic: Topic, w: number): void {
    this.#pending.delete(topic)
    this.#reached = Math.max(this.#reached, w)
    if (this.isWhole && !this.hasHole) this.#w = Math.max(this.#w, this.#reached)
  }

  #note(epoch: number): void {
    if (epoch <= this.#epoch) return
    if (this.#epoch > 0) this.#ports.onReset(epoch)
    this.#epoch = epoch
  }
}

export function toError({ errorId, detail, retryAfterMs }: Told<'error'>): ApiError {
  return new ApiError(errorId, 0, detail, { retryAfterMs })
}
