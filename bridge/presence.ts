import { EpochReadyEvent } from '../contracts/events.ts'
import type { Attack, EndpointState, Gap } from '../contracts/facts.ts'
import { currentFact } from './current-fact.ts'
import type { LateFact } from './forward/late-facts.ts'
import type { Snapshot } from './normalise/ari-objects.ts'
import type { Endpoints } from './normalise/endpoints.ts'
import type { AriEvent } from './normalise/events.ts'
import type { MailboxCount } from './normalise/mailboxes.ts'
import type { QueueEntityState } from './normalise/queues.ts'
import type { RegistrationReport } from './normalise/registrations.ts'
import { PbxLink } from './pbx-link.ts'
import { type MissedEvents, Publisher, type PublisherDependencies } from './publisher.ts'

export interface PresenceDependencies extends PublisherDependencies {
  /** Returns a new epoch, already durable and above every earlier one. */
  takeEpoch(): Promise<number>
  /** When an earlier process last saw the PBX, Unix milliseconds; `undefined` if none did. */
  lastSeenMs: number | undefined
  nowMs(): number
  /** Never goes back. */
  monotonicMs(): number
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
  readonly #publisher: Publisher
  #connections = 0
  #lastSeenMs: number | undefined
  /** By the clock that never goes back. */
  #republishedMs: number
  /** Everything must be published again under a new epoch. `gap` says since when events may be missing, and why. */
  #pendingResync: { gap?: MissedEvents } | undefined
  /** Epochs begin one after the other. */
  #lastEpoch: Promise<void> = Promise.resolve()

  constructor(dependencies: PresenceDependencies) {
    this.#dependencies = dependencies
    this.#pbx = new PbxLink(dependencies.monotonicMs)
    this.#publisher = new Publisher(dependencies, this.#pbx)
    this.#republishedMs = dependencies.monotonicMs()
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

  /** The last gap of this process. */
  get lastGap(): Gap | undefined {
    return this.#publisher.lastGap
  }

  /** Names of all known endpoints, such as `PJSIP/5860`. */
  get endpoints(): string[] {
    return this.phones.all().map(({ endpoint }) => endpoint)
  }

  /**
   * Whether subscribers hear from this bridge: it is connected to the PBX, or it has published that the PBX is down. Before the first
   * connection it knows no phone and no call, and a list of everything current would end those that the cloud knows.
   */
  get #isPublishing(): boolean {
    return this.#connections > 0 && this.#publisher.canPublish && (this.#pbx.isConnected || this.#pbx.isDown)
  }

  /** Hanging up either channel ends a two-party call. */
  channelsOf(call: string): string[] {
    return this.#dependencies.state.calls.channelsOf(call)
  }

  publishEndpoints(states: readonly EndpointState[]): void {
    this.#publisher.publishEndpoints(states)
  }

  /** Publishes who was refused by Asterisk again and again. */
  publishAttack(state: Attack): void {
    this.#publisher.publish({ kind: 'attack', state })
  }

  publishQueues(changes: readonly QueueEntityState[]): void {
    this.#publisher.publishQueues(changes)
  }

  /** Publishes what an event changed that Asterisk kept while there was no connection. */
  publishReplayed(event: AriEvent): void {
    this.#publisher.publishReplayed(event)
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
    const fact = state.placedFact(call, pipeline.now())
    if (fact) this.#publisher.publish(fact)
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
    this.#publisher.publishEpoch(epoch, gap)
    for (const call of state.placed.resume(snapshot.channels)) this.publishPlaced(call)
  }

  /** `lastSeenMs`, Unix milliseconds, is when Asterisk last sent anything. */
  disconnected(lastSeenMs: number): void {
    if (this.#pbx.isConnected) this.#lastSeenMs = lastSeenMs
    this.#pbx.disconnected(lastSeenMs)
  }

  /**
   * Starts heartbeats that report the PBX as down, since the time at which an earlier process last saw it. This process has not reached it
   * yet, so it publishes nothing else. The cloud has the phones and calls of the earlier process, and marks them as unconfirmed.
   */
  notReached(): Promise<void> {
    const { takeEpoch, pipeline, nowMs, log } = this.#dependencies
    return this.#inTurn(async () => {
      if (this.#connections > 0 || this.#pbx.isDown) return
      const epoch = await takeEpoch()
      pipeline.beginEpoch(epoch)
      this.#pbx.notReached(this.#lastSeenMs ?? nowMs())
      log.warn('pbx-down', { since: this.#pbx.status?.since })
    })
  }

  /** Publishes the list of everything current outside its turn, because it has become more complete. */
  publishList(): void {
    if (this.#isPublishing) this.#publisher.publishList(true)
  }

  /** Publishes the current state of everything that late facts were about: the cloud never takes live state from late facts. */
  republish(lateFacts: readonly LateFact[], isEverything = false): void {
    const { state } = this.#dependencies
    // The first connection publishes everything.
    if (!this.#isPublishing) return
    if (isEverything || lateFacts.some(({ type }) => type === EpochReadyEvent.entries.type.literal)) {
      this.#pendingResync ??= {}
    }
    for (const lateFact of lateFacts) {
      const fact = currentFact(state, lateFact)
      if (fact) this.#publisher.publish(fact)
    }
  }

  /** The PBX is down: ends the queues, publishes everything else as no longer sure, then the list of it. */
  #publishLoss(): void {
    if (!this.#publisher.canPublish) return
    this.publishQueues(this.#dependencies.state.queues.clear(true))
    this.#publisher.publishAll()
    this.#publisher.publishList(true)
    this.#dependencies.log.warn('pbx-down', { since: this.#pbx.status?.since })
  }

  /**
   * Call this each second. Republishes what is due, also while the PBX is down; after the spool was full, or after too many late facts,
   * everything under a new epoch, since only a new epoch ends in the cloud what ended unseen. If the epoch cannot be saved, it stays due.
   */
  async tick(): Promise<void> {
    if (this.#pbx.takeLoss()) this.#publishLoss()
    if (!this.#isPublishing) return
    const { pipeline, counters, log, monotonicMs } = this.#dependencies
    const dropped = pipeline.takeDropped()
    if (dropped) {
      log.error('facts dropped, the spool was full', { facts: dropped.count })
      this.#pendingResync = { gap: { sinceMs: dropped.sinceMs, reason: 'spool full' } }
    }
    if (this.phones.leftCount > 0) {
      this.phones.leftCount = 0
      this.#publisher.publishList(true)
    }
    if (monotonicMs() - this.#republishedMs > republishEveryMs) {
      this.#republishedMs = monotonicMs()
      this.#publisher.publishCalls()
    }
    if (!this.#pendingResync) return
    await this.#inTurn(() => this.#resynchronise()).catch(() => counters.add('epoch-unsaved'))
  }

  async #resynchronise(): Promise<void> {
    const epoch = await this.#dependencies.takeEpoch()
    const pending = this.#pendingResync
    if (!this.#isPublishing || !pending) return
    this.#pendingResync = undefined
    this.#publisher.publishEpoch(epoch, pending.gap)
  }

  /** Returns the line that shows the cloud that this bridge lives; `undefined` before the first epoch. */
  heartbeat(): string | undefined {
    return this.#publisher.heartbeat()
  }
}
