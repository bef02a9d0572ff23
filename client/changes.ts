import type { Live } from './index.ts'
import type { Change } from './store.ts'

/** Beyond this a slow reader is given only the newest change of each entity, so the queue holds 1,000 or the site's entities. */
const queuedMax = 1_000

/** The changes as an async iterator, from the moment it is asked for until the client is stopped. */
export function changes(live: Live): AsyncGenerator<Change, undefined> {
  let queued: Change[] = []
  let wake: (() => void) | undefined
  const offs = [
    live.on('change', (changes) => {
      queued.push(...changes)
      if (queued.length > queuedMax) {
        queued = [...new Map(queued.map((change) => [`${change.topic} ${change.id}`, change])).values()]
      }
      wake?.()
    }),
    live.on('status', () => wake?.()),
  ]
  return (async function* () {
    try {
      for (;;) {
        const change = queued.shift()
        if (change) yield change
        else if (live.status.state === 'stopped') return undefined
        else
          await new Promise<void>((resolve) => {
            wake = resolve
          })
      }
    } finally {
      for (const off of offs) off()
    }
  })()
}
