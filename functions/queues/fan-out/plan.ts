import type { ServerFrame, Topic } from '../../../contracts/frames.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { joinFrames } from '../../domain/framing.ts'
import { hideFrame } from '../../domain/personal/frames.ts'
import { filterFrame } from '../../domain/topic-filter.ts'
import type { Subscriber } from '../../stores/connections.ts'

export interface Subscribers {
  subscribers(site: SiteId, topic: Topic): Promise<Subscriber[]>
}
/** A frame and the topics whose subscribers have it. */
export interface Outgoing {
  topics: readonly Topic[]
  frame: ServerFrame
}
/** Connections that are sent the very same messages, each the JSON of a frame or of an array of frames, in this order. */
export interface Posts {
  ids: string[]
  frames: string[]
}

/** What a connection may see of a topic, and what it asked for. */
type SubscriberView = Omit<Subscriber, 'id' | 'until'>

/**
 * Who is sent what. A frame is written to JSON once for all who asked for the same, not once a connection; `now`, Unix
 * milliseconds, goes along as the cloud's own time.
 */
export async function planPosts(
  site: SiteId,
  outgoing: readonly Outgoing[],
  connections: Subscribers,
  now: number,
): Promise<Posts[]> {
  const topics = [...new Set(outgoing.flatMap((one) => one.topics))]
  const found = await Promise.all(topics.map((topic) => connections.subscribers(site, topic)))
  const wishes = new Map<string, Map<Topic, SubscriberView>>()
  for (const [n, topic] of topics.entries()) {
    for (const { id, until, ...wish } of found[n] ?? []) {
      // Its key has ended; a new ticket is not to be had with it, and what is open shows nothing more.
      if (until !== undefined && until <= now) continue
      wishes.set(id, (wishes.get(id) ?? new Map<Topic, SubscriberView>()).set(topic, wish))
    }
  }
  const groups = Map.groupBy(wishes, ([, wish]) => JSON.stringify([...wish]))
  return [...groups.values()].flatMap((group) => {
    const wish = group[0]?.[1] ?? new Map<Topic, SubscriberView>()
    const frames = joinFrames(outgoing.flatMap((one) => framesFor(one, wish, now)))
    return frames.length > 0 ? [{ ids: group.map(([id]) => id), frames }] : []
  })
}

function framesFor({ topics, frame }: Outgoing, wishes: ReadonlyMap<Topic, SubscriberView>, now: number): string[] {
  const wish = topics.map((topic) => wishes.get(topic)).find((one) => one !== undefined)
  if (!wish) return []
  // Hidden first, chosen second: who may not see a number cannot find out by asking for it.
  const wanted = filterFrame(wish.personal ? frame : hideFrame(frame), wish.extensions)
  return wanted ? [JSON.stringify({ ...wanted, t: now })] : []
}
