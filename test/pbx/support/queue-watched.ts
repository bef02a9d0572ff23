import { type QueueAccess, QueueWatch } from '../../../bridge/asterisk/queue-watch.ts'
import { Queues } from '../../../bridge/normalise/queues.ts'
import { realClock } from '../../../bridge/operate/clock.ts'
import { Counters } from '../../../bridge/operate/counters.ts'
import { queuesOf } from '../../../contracts/queue-view.ts'
import type { Queue, QueuePart } from '../../../contracts/queues.ts'
import type { AsteriskInstance } from '../../../infra/asterisk/instance.ts'
import { until } from '../../support/until.ts'
import type { CompanyPbx } from './company.ts'
import type { QueueScenario } from './queue-scenarios.ts'
import { queueDifferences, readQueueShow, shownOf } from './queue-show.ts'

/** Queues as the bridge publishes them from the Manager Interface of a PBX. */
export interface WatchedQueues extends AsyncDisposable {
  /** Puts together what was published, as a client does. */
  published(): Queue[]
  /** What differs from `queue show` now; no item if nothing does. */
  differences(): Promise<string[]>
  access(): QueueAccess | undefined
  readonly counters: Counters
}

type User = { user: string; password: string }

export function watchQueues(pbx: AsteriskInstance, { user, password }: User = userOf(pbx)): WatchedQueues {
  const queues = new Queues()
  // Only what is published: a change that the bridge forgets to publish must show.
  const parts = new Map<string, QueuePart>()
  let access: QueueAccess | undefined
  const publish = (changes: { id: string; state: QueuePart }[]) => {
    for (const { id, state } of changes) {
      if (state.part === 'gone') parts.delete(id)
      else parts.set(id, state)
    }
  }
  const now = () => new Date().toISOString()
  const phones = { get: () => undefined }
  const counters = new Counters()
  const watch = new QueueWatch({
    address: { host: '127.0.0.1', port: pbx.amiPort, user, password },
    clock: realClock,
    counters,
    onList(list) {
      const { changes, isEventful } = queues.load(list, phones, now())
      publish(changes)
      return isEventful
    },
    onEvent: (message) => publish(queues.apply(message, phones, now())),
    onUnknown: () => publish(queues.clear(true)),
    onAccess: (found) => {
      access = found
    },
  })
  const stop = new AbortController()
  const running = watch.run(stop.signal)
  const published = () => queuesOf(parts.values())
  return {
    published,
    access: () => access,
    counters,
    async differences() {
      const shown = readQueueShow(await pbx.cli('queue show'), await pbx.cli('core show channels concise'))
      return queueDifferences(shown, shownOf(published(), Date.now()))
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}

function userOf({ amiUser, amiPassword }: AsteriskInstance): User {
  return { user: amiUser, password: amiPassword }
}

/**
 * Goes through the scenarios and waits after each step until both sides are equal. Returns the names of the steps; throws with the
 * differences if one stays unequal.
 */
export async function equalAfterEachStep(it: CompanyPbx, scenarios: readonly QueueScenario[]): Promise<string[]> {
  await using queues = watchQueues(it.pbx)
  const done: string[] = []
  for (const { name, steps } of scenarios) {
    for (const [n, step] of steps.entries()) {
      await step(it)
      await until(`equal queues: ${name}, step ${n + 1}`, async () => {
        const ours = (line: string) => /\b41\d\b/.test(line)
        return (await queues.differences()).filter(ours).length === 0
      })
      done.push(`${name}, step ${n + 1}`)
    }
  }
  return done
}
