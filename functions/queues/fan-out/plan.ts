import type { ServerFrame, Topic } from '../../../contracts/frames.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { joinFrames } from '../../domain/framing.ts'
import { hideFrame } from '../../domain/personal/frames.ts'
import { filterFrame } from '../../domain/topic-filter.ts'
import type { Subscriber } from '../../stores/connections.ts'

export interface Subscribers {
  subscribers(site: SiteId, topic: Topic): Promise<Subscriber[]>
}
/** A frame and the topics to whose subscribers it is pushed. */
export interface Outgoing {
  topics: readonly Topic[]
  frame: ServerFrame
}
/** Connections that get the same messages, in this order. Each message is the JSON of a frame or of an array of frames. */
export interface Posts {
  ids: string[]
  frames: string[]
}

/** What a connection may see of a topic, and which extensions it has subscribed to. */
type SubscriberView = Omit<Subscriber, 'id' | 'until'>

/**
 * Returns which connections get which messages. A frame is serialized once for all connections with the same view. `now` (Unix
 * milliseconds) goes into each frame as the time of the cloud.
 */
export async function planPosts(
  site: SiteId,
  outgoing: readonly Outgoing[],
  connections: Subscribers,
  now: number,
): Promise<Posts[]> {
  const topics = [...new Set(outgoing.flatMap((one) => one.topics))]
  const found = await Promise.all(topics.map((topic) => connections.subscribers(site, topic)))
  const views = new Map<string, Map<Topic, SubscriberView>>()
  for (const [n, topic] of topics.entries()) {
    for (const { id, until, ...view } of found[n] ?? []) {
      // The connection's key has expired, so it gets no more frames.
      if (until !== undefined && until <= now) continue
      views.set(id, (views.get(id) ?? new Map<Topic, SubscriberView>()).set(topic, view))
    }
  }
  const groups = Map.groupBy(views, ([, view]) => JSON.stringify([...view]))
  return [...groups.values()].flatMap((group) => {
    const view = group[0]?.[1] ?? new Map<Topic, SubscriberView>()
    const frames = joinFrames(outgoing.flatMap((one) => framesFor(one, view, now)))
    return frames.length > 0 ? [{ ids: group.map(([id]) => id), frames }] : []
  })
}

function framesFor({ topics, frame }: Outgoing, views: ReadonlyMap<Topic, SubscriberView>, now: number): string[] {
  const view = topics.map((topic) => views.get(topic)).find((one) => one !== undefined)
  if (!view) return []
  // Numbers are hidden before the filter, so a subscriber cannot find out a hidden number by subscribing to it.
  const wanted = filterFrame(view.personal ? frame : hideFrame(frame), view.extensions)
  return wanted ? [JSON.stringify({ ...wanted, t: now })] : []
}
