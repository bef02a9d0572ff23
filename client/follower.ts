import type { ClientFrame, EntityTopic, ServerFrame, Topic } from '../contracts/frames.ts'
import type { Emit } from './events.ts'
import { Sequence } from './sequence.ts'
import type { LiveStore } from './store.ts'

/** The pings of a hidden page keep the connection open, but the cloud computes digests for it only this often. */
const hiddenCompareMs = 300_000

type FrameOf<T extends ServerFrame['type']> = Extract<ServerFrame, { type: T }>

export interface FollowerPorts {
  store: LiveStore
  topics: readonly Topic[]
  extensions?: readonly string[] | undefined
  emit: Emit
}

/** Applies frames to the store, and knows whether the store is complete and what to request if it is not. */
export interface Follower {
  /** All snapshots and resumes that were requested have arrived. */
  isComplete(): boolean
  isMissingDeltas(): boolean
  /** Returns the request that makes the store complete: a resume if possible and allowed, otherwise a subscription. */
  request(mayResume?: boolean): ClientFrame
  /** Returns a ping, which asks for digests if it is time to compare the store. `now` is in Unix milliseconds. */
  ping(isVisible: boolean, now: number): ClientFrame
  apply(frame: FrameOf<'snapshot' | 'resumed' | 'delta' | 'stats' | 'reset'>): void
  /** Compares the store with the digests of a pong. Returns how many times in a row they have differed. */
  mismatches(pong: FrameOf<'pong'>): number
}

export function openFollower({ store, topics, extensions, emit }: FollowerPorts): Follower {
  const subscription = { topics: [...topics], ...(extensions && { extensions: [...extensions] }) }
  const sequences = { endpoints: new Sequence(), calls: new Sequence(), queues: new Sequence() }
  const pending = new Set<Topic>()
  let newestEpoch = 0
  /** The store has every write up to this stamp, except for the last 12 s before it; 0 before the first snapshot. */
  let completeTo = 0
  /** The newest stamp since the last request. `completeTo` takes it over once nothing is pending or missing. */
  let reached = 0
  let resumedParts = 0
  let mismatches = 0
  let comparedAt = 0

  const isMissingDeltas = () => Object.values(sequences).some(({ isMissingSome }) => isMissingSome)
  const advance = (w: number, finished?: Topic) => {
    if (finished) pending.delete(finished)
    reached = Math.max(reached, w)
    if (pending.size === 0 && !isMissingDeltas()) completeTo = Math.max(completeTo, reached)
  }
  const agrees = (topic: EntityTopic, { digests = {}, t = 0 }: FrameOf<'pong'>) => {
    const digest = digests[topic]
    return digest ? store.agrees(topic, digest, t) : true
  }

  return {
    isComplete: () => pending.size === 0,
    isMissingDeltas,
    request(mayResume = true) {
      for (const topic of topics) pending.add(topic)
      reached = 0
      resumedParts = 0
      mismatches = 0
      for (const sequence of Object.values(sequences)) sequence.accept()
      store.expectSnapshot(topics)
      // Deltas of some extensions have no consecutive counts, so what is missing cannot be known.
      if (!mayResume || completeTo === 0 || extensions) return { action: 'subscribe', ...subscription }
      return { action: 'resume', ...subscription, epoch: newestEpoch, w: completeTo }
    },
    ping(isVisible, now) {
      if (!isVisible && mismatches === 0 && now - comparedAt < hiddenCompareMs) return { action: 'ping' }
      comparedAt = now
      return { action: 'ping', ...subscription }
    },
    apply(frame) {
      if (frame.type === 'stats') {
        store.stats = frame
        emit('change', [])
        advance(0, 'stats')
        return
      }
      const { epoch = 0 } = frame
      if (epoch > newestEpoch) {
        if (newestEpoch > 0) emit('reset', epoch)
        newestEpoch = epoch
      }
      switch (frame.type) {
        case 'snapshot': {
          const { changes, complete } = store.snapshot(frame)
          emit('change', changes)
          if (complete) advance(frame.w, frame.topic)
          break
        }
        case 'delta':
          emit('change', store.delta(frame))
          sequences[frame.topic].take(epoch, frame.ks)
          advance(frame.w)
          break
        case 'resumed':
          emit('change', store.delta(frame))
          resumedParts += 1
          if (resumedParts < frame.parts) break
          store.expectSnapshot([frame.topic], false)
          advance(frame.w, frame.topic)
      }
    },
    mismatches(pong) {
      const results = [agrees('endpoints', pong), agrees('calls', pong), agrees('queues', pong)]
      if (results.includes(false)) mismatches += 1
      // A write between the two sides proves nothing, so the count stays.
      else if (!results.includes(undefined)) mismatches = 0
      return mismatches
    },
  }
}
