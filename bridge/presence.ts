import { EpochReadyEvent } from '../contracts/events.ts'
import type { EndpointState } from '../contracts/facts.ts'
import { cutText } from '../contracts/text.ts'
import { currentFact } from './current-fact.ts'
import { currentList } from './current-list.ts'
import type { LateFact } from './forward/late-facts.ts'
import type { Snapshot } from './normalise/ari-objects.ts'
import type { Endpoints } from './normalise/endpoints.ts'
import type { AriEvent } from './normalise/events.ts'
import type { MailboxCount } from './normalise/mailboxes.ts'
import type { PbxState } from './normalise/pbx-state.ts'
import type { RegistrationReport } from './normalise/registrations.ts'
import type { Publication } from './normalise/stamp.ts'
import { unconfirmed } from './normalise/unconfirmed.ts'
import type { Counters } from './operate/counters.ts'
import type { Log } from './operate/log.ts'
import { PbxLink } from './pbx-link.ts'
import type { Pipeline } from './pipeline.ts'

export interface PresenceDependencies {
  /** Id of this process. */
  run: string
  state: PbxState
  pipeline: Pipeline
  counters: Counters
  log: Log
  /** Returns a new epoch, already durable and above every earlier one. */
  takeEpoch(): Promise<number>
  /** When an earlier process last saw the PBX, Unix milliseconds; `undefined` if none did. */
  lastSeenMs: number | undefined
  nowMs(): number
  /** Never goes back. */
  monotonicMs(): number
  /** Version of this program. */
  version?: string
}

/**
 * Live calls, and the list of everything current, are published again this often: at 20 calls a second and three minutes a
 * call, 12 facts a second more. For the list the cloud reads its rows: 40 read units for 500 endpoints, $0.04 a month.
 */
const republishEveryMs = 300_000

/**
 * Publishes what no event of Asterisk says: everything current at each new connection, gaps, late facts that were overtaken,
 * and what other parts of the bridge found out.
 */
export class Presence {
  readonly #dependencies: PresenceDependencies
  readonly #pbx: PbxLink
  #connections = 0
  #lastSeenMs: number | undefined
  #republishedMs: number
  /** Everything must be published again under a new epoch. `gap` says since when events may be missing, and why. */
  #pendingResync: { gap?: { sinceMs: number; reason: string } } | undefined
  /** Epochs begin one after the other. */
  #lastEpoch: Promise<void> = Promise.resolve()

  constructor(dependencies: PresenceDependencies) {
    this.#dependencies = dependencies
    this.#pbx = new PbxLink(dependencies.monotonicMs)
    this.#republishedMs = dependencies.nowMs()
    this.#lastSeenMs = dependencies.lastSeenMs
  }

  get isConnected(): boolean {
    return this.#pbx.isConnected
  }

  /** How many connections to Asterisk there have been. */
  get connections(): number {
    return this.#connections
  }

  get phones(): Endpoints {
    return this.#dependencies.state.endpoints
  }

  /** Names of all known endpoints, such as `PJSIP/5860`. */
  get endpoints(): string[] {
    return this.phones.all().map(({ endpoint }) => endpoint)
  }

  /** Hanging up either channel ends a two-party call. */
  channelsOf(call: string): string[] {
    return this.#dependencies.state.calls.channelsOf(call)
  }

  publishEndpoints(states: readonly EndpointState[]): void {
    if (!this.#dependencies.pipeline.hasEpoch) return
    for (const state of states) this.#publish({ kind: 'endpoint', state })
  }

  /** The message count of a phone has changed; `undefined` if it shows no mailbox. */
  publishMailbox(endpoint: string, count: MailboxCount | undefined): void {
    const state = this.phones.setMailbox(endpoint, count, this.#dependencies.pipeline.now())
    if (state) this.publishEndpoints([state])
  }

  /** The PBX was registered at the provider of a trunk, no longer is, or no longer has the registration. */
  publishRegistration({ endpoint, state: registration }: RegistrationReport): void {
    const state = this.phones.setRegistration(endpoint, registration, this.#dependencies.pipeline.now())
    if (state) this.publishEndpoints([state])
  }

  /** Publishes how far a placed call has come. */
  publishPlaced(call: string): void {
    const { state, pipeline } = this.#dependencies
    if (!pipeline.hasEpoch) return
    const fact = state.placedFact(call, pipeline.now())
    if (fact) this.#publish(fact)
  }

  /** While the PBX is down, no fact about it is sure. */
  #publish(fact: Publication): void {
    const { status } = this.#pbx
    this.#dependencies.pipeline.publish(status?.state === 'down' ? unconfirmed(fact, status.since) : fact)
  }

  /** A new connection: begins an epoch and publishes everything current under it. */
  connected(snapshot: Snapshot, takeBuffered: () => AriEvent[], gapReason = 'bridge restarted'): Promise<void> {
    return this.#inTurn(() => this.#connect(snapshot, takeBuffered, gapReason))
  }

  #inTurn(begin: () => Promise<void>): Promise<void> {
    const turn = this.#lastEpoch.then(begin)
    this.#lastEpoch = turn.catch(() => undefined)
    return turn
  }

  async #connect(snapshot: Snapshot, takeBuffered: () => AriEvent[], gapReason: string): Promise<void> {
    const { state, pipeline, takeEpoch } = this.#dependencies
    const epoch = await takeEpoch()
    state.resynchronise(snapshot, pipeline.now(), takeBuffered())
    this.#pbx.connected(pipeline.now())
    this.#connections += 1
    this.#pendingResync = undefined
    const gap = this.#lastSeenMs === undefined ? undefined : { sinceMs: this.#lastSeenMs, reason: gapReason }
    this.#publishEpoch(epoch, gap)
    for (const call of state.placed.resume(snapshot.channels)) this.publishPlaced(call)
  }

  /** `lastSeenMs`, Unix milliseconds, is when Asterisk last sent anything. */
  disconnected(lastSeenMs: number): void {
    if (this.#pbx.isConnected) this.#lastSeenMs = lastSeenMs
    this.#pbx.disconnected(lastSeenMs)
  }

  #publishEpoch(epoch: number, gap: { sinceMs: number; reason: string } | undefined): void {
    const { state, pipeline, log } = this.#dependencies
    pipeline.beginEpoch(epoch)
    if (gap) this.#publishGap(gap.sinceMs, gap.reason)
    for (const fact of state.all()) this.#publish(fact)
    this.#publishReady()
    log.info('epoch begun', { epoch, liveCalls: state.calls.live().length })
  }

  #publishReady(isAgain = false): void {
    const { run, state, pipeline } = this.#dependencies
    pipeline.publish({ kind: 'epoch-ready', state: currentList(state, { run, pbx: this.#pbx.status, isAgain }) })
  }

  /** Publishes the list of everything current outside its turn, because it has become more complete. */
  publishList(): void {
    if (this.#pbx.isConnected && this.#dependencies.pipeline.hasEpoch) this.#publishReady(true)
  }

  #publishGap(fromMs: number, reason: string): void {
    const to = this.#dependencies.pipeline.now()
    const from = new Date(Math.min(fromMs, Date.parse(to))).toISOString()
    this.#dependencies.pipeline.publish({ kind: 'gap', state: { from, to, reason: cutText(reason) } }, to)
  }

  /** Publishes the current state of everything that late facts were about: the cloud never takes live state from late facts. */
  republish(lateFacts: readonly LateFact[], isEverything = false): void {
    const { state, pipeline } = this.#dependencies
    if (!(this.#pbx.isConnected || this.#pbx.isDown) || !pipeline.hasEpoch) return
    if (isEverything || lateFacts.some(({ type }) => type === EpochReadyEvent.entries.type.literal)) {
      this.#pendingResync ??= {}
    }
    for (const lateFact of lateFacts) {
      const fact = currentFact(state, lateFact)
      if (fact) this.#publish(fact)
    }
  }

  /** The PBX is down: ends the queues, publishes everything else as no longer sure, then the list of it. */
  #publishLoss(): void {
    const { state, pipeline, log } = this.#dependencies
    if (!pipeline.hasEpoch) return
    for (const entity of state.queues.clear(true)) pipeline.publish({ kind: 'queue', ...entity })
    for (const fact of state.all()) this.#publish(fact)
    this.#publishReady(true)
    log.warn('pbx-down', { since: this.#pbx.status?.since })
  }

  /**
   * Publishes the live calls, the waiting callers and the list of everything current. It corrects the cloud about calls whose
   * facts all arrived too late, whose end was lost, or that a stray message revived.
   */
  #republishCalls(): void {
    const { state } = this.#dependencies
    for (const call of state.calls.live()) this.#publish(state.callFact(call))
    for (const entity of state.queues.waiting()) this.#publish({ kind: 'queue', ...entity })
    this.#publishReady(true)
  }

  /**
   * Call this each second. Republishes what is due; after the spool was full, or after too many late facts, everything under
   * a new epoch, since only a new epoch ends in the cloud what ended unseen. If the epoch cannot be saved, it stays due.
   */
  async tick(): Promise<void> {
    if (this.#pbx.takeLoss()) this.#publishLoss()
    if (!this.#pbx.isConnected) return
    const { pipeline, counters, log, nowMs } = this.#dependencies
    const dropped = pipeline.takeDropped()
    if (dropped) {
      log.error('facts dropped, the spool was full', { facts: dropped.count })
      this.#pendingResync = { gap: { sinceMs: dropped.sinceMs, reason: 'spool full' } }
    }
    if (this.phones.leftCount > 0) {
      this.phones.leftCount = 0
      this.#publishReady(true)
    }
    if (nowMs() - this.#republishedMs > republishEveryMs) {
      this.#republishedMs = nowMs()
      this.#republishCalls()
    }
    if (!this.#pendingResync) return
    await this.#inTurn(() => this.#resynchronise()).catch(() => counters.add('epoch-unsaved'))
  }

  async #resynchronise(): Promise<void> {
    const epoch = await this.#dependencies.takeEpoch()
    const pending = this.#pendingResync
    if (!this.#pbx.isConnected || !pending) return
    this.#pendingResync = undefined
    this.#publishEpoch(epoch, pending.gap)
  }

  /** Returns the line that shows the cloud that this bridge lives; `undefined` before the first epoch. */
  heartbeat(): string | undefined {
    const { run, pipeline, counters, version } = this.#dependencies
    const { status } = this.#pbx
    if (!pipeline.hasEpoch || !status) return undefined
    const { state: pbx, since: pbxSince } = status
    const state = { run, ...(version && { version }), pbx, pbxSince, counters: counters.snapshot() }
    return pipeline.encodeUnspooled({ kind: 'heartbeat', state })
  }
}
