import type { EndpointState, Gap } from '../contracts/facts.ts'
import { cutText } from '../contracts/text.ts'
import { currentList } from './current-list.ts'
import type { AriEvent } from './normalise/events.ts'
import type { PbxState } from './normalise/pbx-state.ts'
import type { QueueEntityState } from './normalise/queues.ts'
import type { Publication } from './normalise/stamp.ts'
import { unconfirmed } from './normalise/unconfirmed.ts'
import { type Check, checkResults } from './operate/checks.ts'
import type { Counters } from './operate/counters.ts'
import type { Log } from './operate/log.ts'
import type { PbxLink } from './pbx-link.ts'
import type { Pipeline } from './pipeline.ts'

export interface PublisherDependencies {
  /** Id of this process. */
  run: string
  state: PbxState
  pipeline: Pipeline
  counters: Counters
  log: Log
  /** Version of this program. */
  version?: string
  /** Version of Asterisk, once it is known. */
  asterisk?(): string | undefined
  /** The newest result of each check. */
  checks?(): readonly Check[]
}

/** Events may be missing since `sinceMs`, Unix milliseconds. */
export interface MissedEvents {
  sinceMs: number
  reason: string
}

/** Publishes facts about the PBX. While it is down, no fact is sure, and each is published so. */
export class Publisher {
  readonly #dependencies: PublisherDependencies
  readonly #pbx: PbxLink
  #lastGap: Gap | undefined

  constructor(dependencies: PublisherDependencies, pbx: PbxLink) {
    this.#dependencies = dependencies
    this.#pbx = pbx
  }

  /** Before the first epoch nothing can be published; everything current is published when it begins. */
  get canPublish(): boolean {
    return this.#dependencies.pipeline.hasEpoch
  }

  get lastGap(): Gap | undefined {
    return this.#lastGap
  }

  publish(fact: Publication): void {
    if (this.canPublish) this.#dependencies.pipeline.publish(this.#asKnown(fact))
  }

  publishEndpoints(states: readonly EndpointState[]): void {
    for (const state of states) this.publish({ kind: 'endpoint', state })
  }

  publishQueues(changes: readonly QueueEntityState[]): void {
    for (const entity of changes) this.publish({ kind: 'queue', ...entity })
  }

  /** Publishes what an event changed that Asterisk kept while there was no connection. */
  publishReplayed(event: AriEvent): void {
    this.#dependencies.pipeline.onReplayedEvent(event, (fact) => this.#asKnown(fact))
  }

  #asKnown(fact: Publication): Publication {
    const { status } = this.#pbx
    return status?.state === 'down' ? unconfirmed(fact, status.since) : fact
  }

  /** Publishes everything current under a new epoch. */
  publishEpoch(epoch: number, gap: MissedEvents | undefined): void {
    const { state, pipeline, log } = this.#dependencies
    pipeline.beginEpoch(epoch)
    if (gap) this.#publishGap(gap)
    this.publishAll()
    this.publishList(false)
    log.info('epoch begun', { epoch, liveCalls: state.calls.live().length })
  }

  publishAll(): void {
    for (const fact of this.#dependencies.state.all()) this.publish(fact)
  }

  /**
   * Publishes the live calls, the waiting callers and the list of everything current. It corrects the cloud about calls whose
   * facts all arrived too late, whose end was lost, or that a stray message revived.
   */
  publishCalls(): void {
    const { state } = this.#dependencies
    for (const call of state.calls.live()) this.publish(state.callFact(call))
    this.publishQueues(state.queues.waiting())
    this.publishList(true)
  }

  /** Publishes the list of everything current, which ends everything else in the cloud. `isAgain`: the epoch has had one. */
  publishList(isAgain: boolean): void {
    const { run, state, pipeline } = this.#dependencies
    pipeline.publish({ kind: 'epoch-ready', state: currentList(state, { run, pbx: this.#pbx.status, isAgain }) })
  }

  #publishGap({ sinceMs, reason }: MissedEvents): void {
    const to = this.#dependencies.pipeline.now()
    const from = new Date(Math.min(sinceMs, Date.parse(to))).toISOString()
    this.#lastGap = { from, to, reason: cutText(reason) }
    this.#dependencies.counters.add('gap')
    this.#dependencies.pipeline.publish({ kind: 'gap', state: this.#lastGap }, to)
  }

  /** Returns the line that shows the cloud that this bridge lives; `undefined` before the first epoch. */
  heartbeat(): string | undefined {
    const { run, pipeline, counters, version, checks } = this.#dependencies
    const asterisk = this.#dependencies.asterisk?.()
    const { status } = this.#pbx
    if (!pipeline.hasEpoch || !status) return undefined
    const { state: pbx, since: pbxSince } = status
    const state = {
      run,
      ...(version && { version }),
      ...(asterisk !== undefined && { asterisk: cutText(asterisk) }),
      pbx,
      pbxSince,
      ...(checks && { checks: checkResults(checks()) }),
      ...(this.#lastGap && { lastGap: this.#lastGap }),
      counters: counters.snapshot(),
    }
    return pipeline.encodeUnspooled({ kind: 'heartbeat', state })
  }
}
