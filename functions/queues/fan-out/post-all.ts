import * as v from 'valibot'
import { SiteId } from '../../../contracts/names.ts'
import type { PostOutcome } from '../../gateways/sockets.ts'
import { describeError, logOutcome } from '../../log.ts'
import type { Posts } from './plan.ts'

/** A message of the `fan-out` queue: frames (JSON) that one invocation posts to each of the connections. */
export const Chunk = v.object({ site: SiteId, ids: v.array(v.string()), frames: v.array(v.string()) })
export type Chunk = v.InferOutput<typeof Chunk>

export interface PostDependencies {
  sockets: { post(connectionId: string, frame: string): Promise<PostOutcome> }
  connections: { close(connectionId: string, site: SiteId): Promise<void> }
  /** Unix milliseconds. */
  now(): number
  wait(ms: number): Promise<void>
  /** At least 0, below 1. */
  random(): number
}
export interface PostCount {
  sent: number
  gone: number
  /** Attempts that API Gateway throttled; each is retried, or counted as failed too. */
  throttled: number
  failed: number
  /** Subscribers that were not reached in time: they miss frames until they resume. */
  unreached: number
}

/** Concurrent posts. Each takes 1 s at most, so one slow client takes a hundredth of the capacity. */
const postsAtOnce = 100
/** Time for all posts of an invocation: the function has 10 s, also for the writes before and the removals after. */
const postsMsMax = 3_000
/** A throttled post is retried after 0 to 100, 200 and 400 ms: 3 retries, 700 ms at most. */
const triesMax = 4
const retryMsBase = 100

interface Task {
  id: string
  frames: readonly string[]
  /** Number of its frames that were sent. */
  done: number
  tries: number
  notBefore: number
}

/** Posts each group's frames, in order, to each of its connections. Removes connections that are gone. */
export async function postAll(site: SiteId, groups: readonly Posts[], posting: PostDependencies): Promise<PostCount> {
  const count: PostCount = { sent: 0, gone: 0, throttled: 0, failed: 0, unreached: 0 }
  const deadline = posting.now() + postsMsMax
  const tasks = groups.flatMap(({ ids, frames }) =>
    ids.map((id): Task => ({ id, frames, done: 0, tries: 0, notBefore: 0 })),
  )
  const again: Task[] = []
  const queue = tasks.values()
  // Throttled tasks wait behind all the others.

  const next = (): Task | undefined => queue.next().value ?? again.shift()
  const worker = async () => {
    for (let task = next(); task; task = next()) {
      const waitMs = Math.max(0, task.notBefore - posting.now())
      if (posting.now() + waitMs > deadline) {
        count.unreached += 1
        continue
      }
      if (waitMs > 0) await posting.wait(waitMs)
      try {
        await postOne(site, task, again, count, posting)
      } catch (error) {
        // A connection whose rows cannot be removed stops no post to another one.
        logOutcome('error', 'post-failed', { site, connection: task.id, error: describeError(error) })
        count.failed += 1
      }
    }
  }
  const workers = Math.min(postsAtOnce, tasks.length)
  await Promise.all(Array.from({ length: workers }, worker))
  return count
}

async function postOne(
  site: SiteId,
  task: Task,
  again: Task[],
  count: PostCount,
  posting: PostDependencies,
): Promise<void> {
  for (const frame of task.frames.slice(task.done)) {
    const outcome = await posting.sockets.post(task.id, frame)
    count[outcome] += 1
    if (outcome === 'sent') {
      task.done += 1
      continue
    }
    if (outcome === 'gone') await posting.connections.close(task.id, site)
    if (outcome === 'throttled') {
      task.tries += 1
      task.notBefore = posting.now() + posting.random() * retryMsBase * 2 ** (task.tries - 1)
      if (task.tries < triesMax) again.push(task)
      else count.failed += 1
    }
    return
  }
}
