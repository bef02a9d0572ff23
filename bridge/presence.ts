import { EpochReadyEvent } from '../contracts/events.ts'
import type { EndpointState } from '../contracts/facts.ts'
import type { SiteId } from '../contracts/names.ts'
import type { FactLog } from './forward/fact-log.ts'
import type { LateFact } from './forward/late-lane.ts'
import { type Snapshot, utc } from './normalise/ari-objects.ts'
import type { Endpoints } from './normalise/endpoints.ts'
import type { AriEvent } from './normalise/events.ts'
import type { MailboxCount } from './normalise/mailboxes.ts'
import { PbxState } from './normalise/pbx-state.ts'
import type { PlacedCalls } from './normalise/placed-calls.ts'
import type { Telling } from './normalise/stamp.ts'
import type { Counters } from './operate/counters.ts'
import type { Log } from './operate/log.ts'
import { presentOf } from './present-of.ts'

export interface PresenceParts {
  site: SiteId
  /** Of this process. */
  run: string
  facts: FactLog
  placed: PlacedCalls
  counters: Counters
  log: Log
  /** Durable on return, above every epoch before. */
  takeEpoch(): Promise<number>
  /** When an earlier process last heard the PBX, Unix milliseconds, if ever. */
  heardBeforeMs: number | undefined
  nowMs(): number
}

/**
 * Live calls are told again so often, and the list of all that is: at 20 calls a second and three minutes a call, 12 facts
 * a second more. For the list the cloud reads its rows, 40 read units where there are 500 endpoints: $0.04 a month.
 */
const assertEveryMs = 300_000

/** What the bridge tells of its PBX: facts as they happen, all of them anew at each connection, and what may be missing. */
export class Presence {
  readonly #parts: PresenceParts
  #state = new PbxState()
  #isConnected = false
  #connections = 0
  #lastHeardMs: number | undefined
  #assertedMs: number
  /** Everything is to be told anew: why, and since when something may be missing, if anything may. */
  #anew: { gap?: { sinceMs: number; reason: string } } | undefined
  /** Many events come in the same millisecond, and to write it costs as much as to see that one is no news. */
  #time = { ms: Number.NaN, text: '' }
  /** Epochs begin one after the other. */
  #beginning: Promise<void> = Promise.resolve()

  constructor(parts: PresenceParts) {
    this.#parts = parts
    this.#assertedMs = parts.nowMs()
    this.#lastHeardMs = parts.heardBeforeMs
  }

  /** How often a connection began. */
  get connections(): number {
    return this.#connections
  }

  get phones(): Endpoints {
    return this.#state.endpoints
  }

  tellEndpoints(states: readonly EndpointState[]): void {
    if (!this.#parts.facts.hasBegun) return
    for (const state of states) this.#tell({ kind: 'endpoint', state }, this.#now())
  }

  get isConnected(): boolean {
    return this.#isConnected
  }

  /** A new connection: a new epoch, under which everything that is gets told once. */
  connected(snapshot: Snapshot, takeBuffered: () => AriEvent[], gapReason = 'bridge restarted'): Promise<void> {
    return this.#inTurn(() => this.#connect(snapshot, takeBuffered, gapReason))
  }

  #inTurn(begin: () => Promise<void>): Promise<void> {
    const turn = this.#beginning.then(begin)
    this.#beginning = turn.catch(() => undefined)
    return turn
  }

  async #connect(snapshot: Snapshot, takeBuffered: () => AriEvent[], gapReason: string): Promise<void> {
    const epoch = await this.#parts.takeEpoch()
    const now = this.#now()
    this.#state = PbxState.from(snapshot, now, this.#state)
    for (const event of takeBuffered()) this.#state.apply(event, now)
    this.#parts.facts.beginEpoch(epoch)
    this.#isConnected = true
    this.#connections += 1
    this.#anew = undefined
    if (this.#lastHeardMs !== undefined) this.#tellGap(this.#lastHeardMs, gapReason)
    this.#tellAll()
    for (const call of this.#parts.placed.resume(snapshot.channels)) this.tellPlaced(call)
    this.#parts.log.info('epoch begun', { epoch, liveCalls: this.#state.calls.live().length })
  }

  disconnected(lastHeardMs: number): void {
    if (this.#isConnected) this.#lastHeardMs = lastHeardMs
    this.#isConnected = false
  }

  /** Told at the time it came: a socket that the bridge dialled brings nothing old, and a PBX whose clock is wrong still makes news. */
  event(event: AriEvent): void {
    this.#apply(event, this.#now())
  }

  /** The phones that are known. */
  get endpoints(): string[] {
    return this.#state.endpoints.all().map(({ endpoint }) => endpoint)
  }

  /** The messages that a phone shows are others now; `undefined` if it shows no mailbox. */
  mailbox(endpoint: string, count: MailboxCount | undefined): void {
    const state = this.#state.endpoints.setMailbox(endpoint, count, this.#now())
    if (state) this.tellEndpoints([state])
  }

  /** What the bridge holds otherwise than Asterisk says: states of endpoints, and calls that only one of the two has. */
  differences(snapshot: Snapshot): string[] {
    return this.#state.differences(PbxState.from(snapshot, this.#now(), this.#state))
  }

  /** Told at the time it happened, in the epoch that was: what is follows under the new one. */
  replayed(event: AriEvent): void {
    if (this.#parts.facts.hasBegun) this.#apply(event, utc(event.timestamp, this.#now()))
  }

  #apply(event: AriEvent, now: string): void {
    const placed = this.#parts.placed.apply(event)
    for (const fact of this.#state.apply(event, now)) {
      this.#tell(fact, now)
      if (fact.kind === 'call') placed.delete(fact.state.call)
    }
    for (const call of placed) this.tellPlaced(call)
  }

  /** Tells how far a placed call has come: with its channels where it has any, alone once it has ended. */
  tellPlaced(call: string): void {
    if (!this.#parts.facts.hasBegun) return
    const now = this.#now()
    const isEnded = this.#parts.placed.get(call)?.stage === 'ended'
    const state = this.#state.calls.get(call) ?? (isEnded ? this.#parts.placed.state(call, now) : undefined)
    if (state) this.#tell({ kind: 'call', state }, now)
  }

  /** The channels of a call, of which to hang up one is to end it where it has two. */
  channelsOf(call: string): string[] {
    return this.#state.calls.channelsOf(call)
  }

  #tell(told: Telling, time: string): void {
    const placed = told.kind === 'call' ? this.#parts.placed.get(told.state.call) : undefined
    const telling = told.kind === 'call' && placed ? { ...told, state: { ...told.state, placed } } : told
    if (!this.#parts.facts.publish(telling, time, this.#parts.nowMs())) this.#parts.counters.add('spool-full')
  }

  #tellAll(): void {
    const now = this.#now()
    for (const fact of this.#state.all()) this.#tell(fact, now)
    this.#tellReady()
  }

  #tellReady(isAgain = false): void {
    const liveCalls = this.#state.calls.live().map(({ call }) => call)
    const { endpoints } = this
    const state = { run: this.#parts.run, ...(isAgain && { again: true }), liveCalls, endpoints }
    this.#tell({ kind: 'epoch-ready', state }, this.#now())
  }

  #tellGap(fromMs: number, reason: string): void {
    const to = this.#now()
    const from = new Date(Math.min(fromMs, Date.parse(to))).toISOString()
    this.#tell({ kind: 'gap', state: { from, to, reason: reason.slice(0, 200) } }, to)
  }

  /** After facts went late, which never change live state: tells what is now of all that they touched. */
  assertAnew(touched: readonly LateFact[], isEverything = false): void {
    if (!this.#isConnected || !this.#parts.facts.hasBegun) return
    if (isEverything || touched.some(({ type }) => type === EpochReadyEvent.entries.type.literal)) {
      this.#anew ??= {}
    }
    const now = this.#now()
    for (const { type, subject, line } of touched) {
      const fact = presentOf(this.#state, type, subject, line)
      if (fact) this.#tell(fact, now)
    }
  }

  /**
   * Tells the live calls again: one whose facts all came to the cloud too late to be believed is known there after this.
   * With the list of what is, so that one whose end never came, or that a stray message revived, ends there.
   */
  #assertCalls(): void {
    const now = this.#now()
    for (const state of this.#state.calls.live()) this.#tell({ kind: 'call', state }, now)
    this.#tellReady(true)
  }

  /**
   * Tells everything anew if that is due, or once the spool has room again after it was full. Under a new epoch, for only
   * that ends in the cloud what ended here and could not be told. A failure to save the epoch leaves it due.
   */
  async makeGood(): Promise<void> {
    if (!this.#isConnected) return
    const refused = this.#parts.facts.takeDropped()
    if (refused) {
      this.#parts.log.error('facts dropped, the spool was full', { facts: refused.count })
      this.#anew = { gap: { sinceMs: refused.sinceMs, reason: 'spool full' } }
    }
    if (this.#parts.nowMs() - this.#assertedMs > assertEveryMs) {
      this.#assertedMs = this.#parts.nowMs()
      this.#assertCalls()
    }
    if (!this.#anew) return
    await this.#inTurn(() => this.#beginAnew()).catch(() => this.#parts.counters.add('epoch-unsaved'))
  }

  async #beginAnew(): Promise<void> {
    const epoch = await this.#parts.takeEpoch()
    const due = this.#anew
    if (!this.#isConnected || !due) return
    this.#anew = undefined
    this.#parts.facts.beginEpoch(epoch)
    if (due.gap) this.#tellGap(due.gap.sinceMs, due.gap.reason)
    this.#tellAll()
    this.#parts.log.info('epoch begun', { epoch, liveCalls: this.#state.calls.live().length })
  }

  heartbeat(): string | undefined {
    if (!this.#parts.facts.hasBegun) return undefined
    const counters = this.#parts.counters.snapshot()
    const state = { run: this.#parts.run, pbx: this.#isConnected ? ('up' as const) : ('down' as const), counters }
    return this.#parts.facts.encodeUnspooled({ kind: 'heartbeat', state }, this.#now())
  }

  #now(): string {
    const ms = this.#parts.nowMs()
    if (this.#time.ms !== ms) this.#time = { ms, text: new Date(ms).toISOString() }
    return this.#time.text
  }
}
