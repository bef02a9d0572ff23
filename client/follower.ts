import type { ClientFrame, EntityTopic, ServerFrame, Topic } from '../contracts/frames.ts'
import { ApiError } from './api.ts'
import type { Emit } from './index.ts'
import { Sequence } from './sequence.ts'
import type { LiveStore } from './store.ts'

type Told<T extends ServerFrame['type']> = Extract<ServerFrame, { type: T }>

export interface FollowerPorts {
  store: LiveStore
  topics: readonly Topic[]
  extensions?: readonly string[] | undefined
  emit: Emit
}

/**
 * Knows how far the picture reaches: which counts are missing, since when, and what to ask the cloud so that it is whole
 * again.
 */
export interface Follower {
  /** Subscribed, and told all. */
  isWhole(): boolean
  hasHole(): boolean
  /** What to ask so as to be told all: only what is new, if the rest is known. */
  ask(isResume?: boolean): ClientFrame
  ping(): ClientFrame
  take(frame: Told<'snapshot' | 'resumed' | 'delta' | 'stats' | 'reset'>): void
  /** How many times in a row the picture has been found to differ from the cloud's; after two it is to be asked for anew. */
  doubts(pong: Told<'pong'>): number
}

export function openFollower({ store, topics, extensions, emit }: FollowerPorts): Follower {
  const wish = { topics: [...topics], ...(extensions && { extensions: [...extensions] }) }
  const sequences = { endpoints: new Sequence(), calls: new Sequence() }
  const pending = new Set<Topic>()
  let newestEpoch = 0
  /** Everything written up to this stamp has been told, 12 s before it apart. 0 before the first whole snapshot. */
  let wholeTo = 0
  /** The newest stamp told since the last question; it counts once nothing is pending and no count is missing. */
  let reached = 0
  let parts = 0
  let mismatches = 0

  const hasHole = () => sequences.endpoints.hasHole || sequences.calls.hasHole
  const told = (w: number, topic?: Topic) => {
    if (topic) pending.delete(topic)
    reached = Math.max(reached, w)
    if (!pending.size && !hasHole()) wholeTo = Math.max(wholeTo, reached)
  }

  return {
    isWhole: () => !pending.size,
    hasHole,
    ask(isResume = true) {
      for (const topic of topics) pending.add(topic)
      parts = reached = mismatches = 0
      sequences.endpoints.accept()
      sequences.calls.accept()
      store.expectSnapshot(topics)
      if (!isResume || !wholeTo || extensions) return { action: 'subscribe', ...wish }
      return { action: 'resume', ...wish, epoch: newestEpoch, w: wholeTo }
    },
    ping: () => ({ action: 'ping', ...wish }),
    take(frame) {
      if (frame.type === 'stats') {
        store.stats = frame
        emit('change', [])
        told(0, 'stats')
        return
      }
      const { epoch = 0 } = frame
      if (epoch > newestEpoch) {
        if (newestEpoch) emit('reset', epoch)
        newestEpoch = epoch
      }
      if (frame.type === 'snapshot') {
        const { changes, complete } = store.snapshot(frame)
        emit('change', changes)
        if (complete) told(frame.w, frame.topic)
      } else if (frame.type !== 'reset') {
        emit('change', store.delta(frame))
        if (frame.type === 'delta') {
          sequences[frame.topic].take(epoch, frame.ks)
          told(frame.w)
        } else if (++parts >= frame.parts) {
          store.expectSnapshot([frame.topic], false)
          told(frame.w, frame.topic)
        }
      }
    },
    doubts({ digests = {}, t = 0 }) {
      const agree = (topic: EntityTopic) => {
        const digest = digests[topic]
        return digest ? store.agrees(topic, digest, t) : true
      }
      const both = [agree('endpoints'), agree('calls')]
      if (both.includes(false)) mismatches++
      else if (!both.includes(undefined)) mismatches = 0
      return mismatches
    },
  }
}

export function toError({ errorId, detail, retryAfterMs }: Told<'error'>): ApiError {
  return new ApiError(errorId, 0, detail, { retryAfterMs })
}
