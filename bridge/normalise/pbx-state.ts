import { isOwnControl } from '../../contracts/channel-name.ts'
import type { CallState, EndpointState } from '../../contracts/facts.ts'
import type { Placed } from '../../contracts/placed.ts'
import type { Snapshot } from './ari-objects.ts'
import { Calls } from './calls.ts'
import { Endpoints } from './endpoints.ts'
import type { AriEvent } from './events.ts'
import { PlacedCalls } from './placed-calls.ts'
import { type QueueEntityState, Queues } from './queues.ts'

export type Fact =
  | { kind: 'endpoint'; state: EndpointState }
  | { kind: 'call'; state: CallState }
  | ({ kind: 'queue' } & QueueEntityState)
/** Queues have no ARI events. */
export type EventFact = Exclude<Fact, { kind: 'queue' }>

/** Events about endpoints; every other event is about calls. */
const endpointEvents: ReadonlySet<AriEvent['type']> = new Set([
  'DeviceStateChanged',
  'PeerStatusChange',
  'ContactStatusChange',
  'ChannelUserevent',
])

/**
 * The state of the PBX as the bridge knows it. Pure: the same events and times give the same facts. A fact about a call
 * that was placed through the API carries its stage.
 */
export class PbxState {
  readonly placed: PlacedCalls
  readonly queues = new Queues()
  #endpoints = new Endpoints()
  #calls = new Calls()

  constructor(placed = new PlacedCalls()) {
    this.placed = placed
  }

  get endpoints(): Endpoints {
    return this.#endpoints
  }

  get calls(): Calls {
    return this.#calls
  }

  /** Event -> facts: each the whole state of what changed. `now` replaces a missing timestamp. */
  apply(event: AriEvent, now: string): EventFact[] {
    if (endpointEvents.has(event.type)) return this.#endpoints.apply(event, now).map(endpointFact)
    const advanced = this.placed.apply(event)
    const facts = this.#applyToCalls(event, now).map((state) => this.callFact(state))
    if (advanced.size === 0) return facts
    for (const { state } of facts) advanced.delete(state.call)
    return [...facts, ...[...advanced].flatMap((call) => this.placedFact(call, now) ?? [])]
  }

  #applyToCalls(event: AriEvent, now: string): CallState[] {
    return isOfOwnControl(event) ? [] : this.#calls.apply(event, now)
  }

  /** The fact of a call, with its stage if it was placed through the API. What it dials is known before its caller picks up. */
  callFact(state: CallState): Fact & { kind: 'call' } {
    const placed = this.placed.get(state.call)
    if (!placed) return { kind: 'call', state }
    const dialled = state.dialled || this.placed.dialledBy(state.call)
    return { kind: 'call', state: { ...state, dialled, ...placedResult(state, placed), placed } }
  }

  /** How far a placed call has come: with its channels if it has any, alone once it has ended. */
  placedFact(call: string, now: string): EventFact | undefined {
    const isEnded = this.placed.get(call)?.stage === 'ended'
    const state = this.#calls.get(call) ?? (isEnded ? this.placed.state(call, now) : undefined)
    return state && this.callFact(state)
  }

  /**
   * Replaces the state by what Asterisk reported over REST and by the events that arrived while it was being read. Keeps
   * what REST does not report, such as since when a state holds.
   */
  resynchronise(snapshot: Snapshot, now: string, events: readonly AriEvent[] = []): void {
    const endpoints = new Endpoints()
    endpoints.load(snapshot.endpoints, snapshot.deviceStates, now, this.#endpoints)
    endpoints.describe(snapshot.entries ?? [])
    const calls = new Calls()
    const channels = snapshot.channels.filter(({ name }) => !isOwnControl(name))
    calls.load({ ...snapshot, channels }, now, this.#calls)
    this.#endpoints = endpoints
    this.#calls = calls
    for (const event of events) {
      this.#endpoints.apply(event, now)
      this.#applyToCalls(event, now)
    }
  }

  /** Returns one name for each endpoint or call that Asterisk reports otherwise than this state has it, with its value. */
  differences(snapshot: Snapshot, now: string): string[] {
    const reported = new PbxState(this.placed)
    reported.#endpoints = this.#endpoints
    reported.#calls = this.#calls
    reported.resynchronise(snapshot, now)
    const listed = new Map(
      snapshot.endpoints.map(({ technology, resource, state }) => [`${technology}/${resource}`, state]),
    )
    const endpoints = reported.#endpoints.all().filter(({ endpoint, deviceState, reachability }) => {
      const known = this.#endpoints.get(endpoint)
      // While a phone talks, its device is in service even if its contact does not answer: either may have been reported last.
      const isReachable = [reachability, listed.get(endpoint)].includes(known?.reachability)
      return known?.deviceState !== deviceState || (reachability !== 'unknown' && !isReachable)
    })
    // Asterisk lists the endpoints of some technologies only.
    const technologies = new Set(['PJSIP', ...snapshot.endpoints.map(({ technology }) => technology)])
    const gone = this.#endpoints.all().filter(({ endpoint, technology }) => {
      return technologies.has(technology) && !reported.#endpoints.get(endpoint)
    })
    const own = new Set(this.#calls.live().map(({ call }) => call))
    const live = reported.#calls.live()
    const reportedCalls = new Set(live.map(({ call }) => call))
    return [
      ...endpoints.map(({ endpoint, deviceState, reachability }) => `${endpoint} ${deviceState} ${reachability}`),
      ...gone.map(({ endpoint }) => `${endpoint} gone`),
      ...[...own].filter((call) => !reportedCalls.has(call)).map((call) => `${call} ended`),
      ...live.filter(({ call, state }) => state === 'answered' && !own.has(call)).map(({ call }) => `${call} answered`),
    ]
  }

  /** All current endpoints, live calls and queues as facts. */
  all(): Fact[] {
    const calls = this.#calls.live().map((state): Fact => this.callFact(state))
    const queues = this.queues.all().map((entity): Fact => ({ kind: 'queue', ...entity }))
    return [...this.#endpoints.all().map(endpointFact), ...calls, ...queues]
  }
}

/**
 * A placed call counts as answered for Asterisk once its own caller picked up, and its `Dial` events say less than its stages: those
 * tell how it went, unless a phone or voicemail answered.
 */
function placedResult({ result, answeredBy }: CallState, placed: Placed): Pick<CallState, 'result'> {
  const isCertain = result === 'voicemail' || (result === 'answered' && answeredBy?.endpoint !== undefined)
  return result === undefined || isCertain || placed.result === undefined ? {} : { result: placed.result }
}

function endpointFact(state: EndpointState): EventFact {
  return { kind: 'endpoint', state }
}

function isOfOwnControl(event: AriEvent): boolean {
  if (event.type === 'Dial') return isOwnControl(event.peer.name)
  switch (event.type) {
    case 'ChannelCreated':
    case 'ChannelStateChange':
    case 'ChannelCallerId':
    case 'ChannelHangupRequest':
    case 'ChannelDestroyed':
    case 'ChannelEnteredBridge':
      return isOwnControl(event.channel.name)
    default:
      return false
  }
}
