import { postsPerSecondMax } from '../../../contracts/limits.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { type Outgoing, type Posts, planPosts, type Subscribers } from './plan.ts'
import { type Chunk, type PostCount, type PostDependencies, postAll } from './post-all.ts'

export interface FanOutDependencies extends PostDependencies {
  connections: Subscribers & PostDependencies['connections']
  chunks: { send(chunks: readonly { chunk: Chunk; delaySeconds: number }[]): Promise<void> }
}
export interface FanOutCount extends PostCount {
  subscribers: number
  chunks: number
}

/** Connections that the invocation posts to itself: 500 take 5 rounds of a hundred, a third of a second. */
const inlineMax = 500
/** Connections of one chunk, which an invocation of `fan-out` posts to in the same time. */
const chunkIdsMax = 500
/** Bytes of the frames of one chunk: with 500 ids of 16 bytes and JSON inside JSON, it stays below SQS's 1 MiB. */
const chunkFrameBytesMax = 400_000

/**
 * Pushes frames to the subscribers of a site: to the first 500 at once, to the others in chunks through the `fan-out` queue.
 * The chunks are delayed so that they take half of the account's posts: 100,000 subscribers take 20 s without throttling.
 */
export async function fanOut(
  site: SiteId,
  outgoing: readonly Outgoing[],
  dependencies: FanOutDependencies,
): Promise<FanOutCount> {
  const none = { sent: 0, gone: 0, throttled: 0, failed: 0, unreached: 0 }
  if (outgoing.length === 0) return { ...none, subscribers: 0, chunks: 0 }
  const posts = await planPosts(site, outgoing, dependencies.connections, dependencies.now())
  const { inline, rest } = divide(posts)
  const chunks = rest
    .flatMap((one) => cut(site, one))
    .map((chunk, n) => ({ chunk, delaySeconds: Math.floor(((n + 1) * chunkIdsMax) / postsPerSecondMax) }))
  const [count] = await Promise.all([
    postAll(site, inline, dependencies),
    chunks.length > 0 && dependencies.chunks.send(chunks),
  ])
  return { ...count, subscribers: posts.reduce((sum, { ids }) => sum + ids.length, 0), chunks: chunks.length }
}

function divide(posts: readonly Posts[]): { inline: Posts[]; rest: Posts[] } {
  const inline: Posts[] = []
  const rest: Posts[] = []
  let room = inlineMax
  for (const { ids, frames } of posts) {
    if (room > 0) inline.push({ ids: ids.slice(0, room), frames })
    if (ids.length > room) rest.push({ ids: ids.slice(room), frames })
    room = Math.max(0, room - ids.length)
  }
  return { inline, rest }
}

function cut(site: SiteId, { ids, frames }: Posts): Chunk[] {
  const runs: string[][] = [[]]
  let bytes = 0
  for (const frame of frames) {
    bytes += frame.length
    if (bytes > chunkFrameBytesMax) {
      runs.push([])
      bytes = frame.length
    }
    runs.at(-1)?.push(frame)
  }
  const slices = Array.from({ length: Math.ceil(ids.length / chunkIdsMax) }, (_, n) =>
    ids.slice(n * chunkIdsMax, (n + 1) * chunkIdsMax),
  )
  return slices.flatMap((slice) => runs.map((run) => ({ site, ids: slice, frames: run })))
}
