import type { ServerFrame, Topic } from '../../../contracts/frames.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { hideFrame } from '../../domain/personal/frames.ts'
import type { PostOutcome } from '../../gateways/sockets.ts'
import type { Subscriber } from '../../stores/connections.ts'

export interface Subscribers {
  subscribers(site: SiteId, topic: Topic): Promise<Subscriber[]>
  close(connectionId: string, site: SiteId): Promise<void>
}
export interface FramePoster {
  post(connectionId: string, frame: ServerFrame): Promise<PostOutcome>
}
export interface FanOutCount {
  sent: number
  gone: number
  failed: number
  /** Subscribers that the time did not suffice for: they are behind until they resynchronise. */
  unreached: number
}

/** Posts under way at once; each takes 1 s at most, so one slow client holds one place in a hundred. */
const postsAtOnce = 100
/** All posts of an invocation: within the function's 10 s, with room for writes before and removals after. */
const fanOutMsMax = 3_000

/** Posts the frames, in their order, to each subscriber of their topics. A gone connection is removed. */
export async function fanOut(
  site: SiteId,
  frames: readonly { topics: readonly Topic[]; frame: ServerFrame }[],
  { connections, sockets, now }: { connections: Subscribers; sockets: FramePoster; now: () => number },
): Promise<FanOutCount> {
  const count: FanOutCount = { sent: 0, gone: 0, failed: 0, unreached: 0 }
  const plan = await postsByConnection(site, frames, connections)
  const deadline = now() + fanOutMsMax
  const queue = plan.entries()
  const worker = async () => {
    for (const [connectionId, own] of queue) {
      if (now() > deadline) count.unreached += 1
      else await postAll(connectionId, own)
    }
  }
  const postAll = async (connectionId: string, own: ServerFrame[]) => {
    for (const frame of own) {
      const outcome = await sockets.post(connectionId, frame)
      count[outcome] += 1
      if (outcome === 'gone') await connections.close(connectionId, site)
      if (outcome !== 'sent') return
    }
  }
  await Promise.all(Array.from({ length: postsAtOnce }, worker))
  return count
}

async function postsByConnection(
  site: SiteId,
  frames: readonly { topics: readonly Topic[]; frame: ServerFrame }[],
  connections: Subscribers,
): Promise<Map<string, ServerFrame[]>> {
  const topics = [...new Set(frames.flatMap((one) => one.topics))]
  const found = await Promise.all(
    topics.map(async (topic) => [topic, await connections.subscribers(site, topic)] as const),
  )
  const subscribers = new Map(found)
  const plan = new Map<string, ServerFrame[]>()
  for (const { topics, frame } of frames) {
    const readers = new Map(
      topics.flatMap((topic) => subscribers.get(topic) ?? []).map(({ id, personal }) => [id, personal]),
    )
    const masked = hideFrame(frame)
    for (const [id, personal] of readers) plan.set(id, [...(plan.get(id) ?? []), personal ? frame : masked])
  }
  return plan
}
