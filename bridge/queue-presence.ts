import type { AmiAddress } from './asterisk/ami-connection.ts'
import { type QueueAccess, QueueWatch } from './asterisk/queue-watch.ts'
import type { Operation } from './connections.ts'
import type { PbxState } from './normalise/pbx-state.ts'
import type { Check, Checks } from './operate/checks.ts'
import type { Clock } from './operate/clock.ts'
import type { Pipeline } from './pipeline.ts'
import type { Presence } from './presence.ts'

export interface QueuePresenceDependencies extends Operation {
  clock: Clock
  presence: Presence
  state: PbxState
  pipeline: Pipeline
  checks: Checks
}

/** Returns the watch that publishes the queues; undefined, and the site has no queues, without an address. */
export function createQueueWatch(
  address: AmiAddress | undefined,
  dependencies: QueuePresenceDependencies,
): QueueWatch | undefined {
  const { counters, presence, state, pipeline, checks } = dependencies
  const { queues } = state
  if (!address) {
    queues.clear(true)
    checks.set({ id: 'queues', state: 'ok', reason: 'queues are not read: the configuration has no `ami`' })
    return undefined
  }
  const publishListIf = (isNew: boolean) => {
    // The cloud may have queues of an earlier process.
    if (isNew) presence.publishList()
  }
  return new QueueWatch({
    ...dependencies,
    address,
    onList(list) {
      const isFirst = queues.ids() === undefined
      const { changes, leftOut, isEventful } = queues.load(list, state.endpoints, pipeline.now())
      for (let n = 0; n < leftOut; n += 1) counters.add('queue-left-out')
      presence.publishQueues(changes)
      publishListIf(isFirst)
      return isEventful
    },
    onEvent: (message) => presence.publishQueues(queues.apply(message, state.endpoints, pipeline.now())),
    onUnknown() {
      const isFirst = queues.ids() === undefined
      presence.publishQueues(queues.clear(true))
      publishListIf(isFirst)
    },
    onAccess: (access, reason) => checks.set({ id: 'queues', ...checkOf(access, reason) }),
  })
}

function checkOf(access: QueueAccess, reason = ''): Omit<Check, 'id'> {
  switch (access) {
    case 'complete':
      return { state: 'ok', reason: 'queues are read' }
    case 'no-queues':
      return { state: 'ok', reason: 'the PBX has no queues: its module app_queue is not loaded' }
    case 'no-events':
      return {
        state: 'warning',
        reason: 'queues are only read twice a second: Asterisk sends their events to other AMI users alone',
        repair: 'Add `agent` to `read` of the AMI user of the bridge in manager.conf, then `manager reload`.',
      }
    case 'unreachable':
      return {
        state: 'warning',
        reason: `queues are not read: ${reason}`,
        repair: 'Check that Asterisk runs, that manager.conf has `enabled = yes`, and `ami.host` and `ami.port`.',
      }
    case 'refused':
      return {
        state: 'warning',
        reason: `queues are not read: ${reason}`,
        repair: 'Check `ami.user` and `ami.password` against manager.conf.',
      }
  }
}
