import type { Live } from './index.ts'
import type { Change } from './store.ts'

/** With more changes waiting, only the newest of each entity is kept: the queue holds 1,000 or one for each entity. */
const queuedMax = 1_000

/** Iterates over the changes that come after this call, until the client is stopped. */
export function changes(live: Live): AsyncGenerator<Change, undefined> {
  let queued: Change[] = []
  let wake: (() => void) | undefined
  const removeListeners = [
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
      for (const remove of removeListeners) remove()
    }
  })()
}
