import { mapConcurrently } from '../operate/map-concurrently.ts'
import { AriUnreachableError } from './ari-errors.ts'

/** Concurrent requests. 1,000 endpoints at 2 ms each take a quarter of a second, and Asterisk has other work. */
const requestsMax = 8
/** An Asterisk that leaves more requests of one reading unanswered hangs. Each costs 5 s. */
const unansweredMax = 3

/**
 * Asks Asterisk about each item, some at a time. Returns the answers in the order of the items, without those of items for which no answer
 * came: one odd item must not take down a site. Throws AriUnreachableError if that happens to more than three of them.
 */
export async function mapAnswered<T, R>(
  items: readonly T[],
  ask: (item: T) => Promise<R>,
  onUnanswered: (item: T, reason: string) => void,
): Promise<R[]> {
  let unanswered = 0
  const answers = await mapConcurrently(requestsMax, items, async (item) => {
    try {
      return [await ask(item)]
    } catch (error) {
      if (!(error instanceof AriUnreachableError)) throw error
      unanswered += 1
      if (unanswered > unansweredMax) throw error
      onUnanswered(item, error.message)
      return []
    }
  })
  return answers.flat()
}
