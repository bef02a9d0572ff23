import type { CallState } from '../../contracts/facts.ts'
import type { Placed, PlacedResult, PlacedStage } from '../../contracts/placed.ts'
import { PlacedStage as Stages } from '../../contracts/placed.ts'
import type { Channel } from './ari-objects.ts'
import type { AriEvent, EventOf } from './events.ts'
import { type LegOutcome, unansweredResult } from './placed-result.ts'

/** The request for a call, known before any event of Asterisk about it. */
export interface PlacedRequest {
  endpoint: string
  extension: string
  startedAt: string
}

interface Entry {
  request: PlacedRequest
  placed: Placed
  caller: LegOutcome
  callee: LegOutcome | undefined
  callees: Set<string>
  isCancelled: boolean
}

/** Ended calls are remembered while other legs of theirs may still be alive. Beyond this number the oldest is dropped. */
const entriesMax = 2_000

/** Follows each call that this bridge placed, by its channel's id, from the command to its end. Pure. */
export class PlacedCalls {
  readonly #entries = new Map<string, Entry>()
  readonly #callOfCallee = new Map<string, string>()
  #ended: string[] = []

  begin(call: string, request: PlacedRequest): void {
    const [oldest] = this.#entries.keys()
    if (this.#entries.size >= entriesMax && oldest !== undefined) this.#entries.delete(oldest)
    const entry = { request, placed: { stage: 'queued' as const }, caller: newLeg(), callee: undefined }
    this.#entries.set(call, { ...entry, callees: new Set(), isCancelled: false })
  }

  get(call: string): Placed | undefined {
    return this.#entries.get(call)?.placed
  }

  /** Returns the extension that the call dials once its caller has picked up; empty for a call that is not known. */
  dialledBy(call: string): string {
    return this.#entries.get(call)?.request.extension ?? ''
  }

  /** Returns the calls that have not ended. */
  open(): string[] {
    return [...this.#entries].flatMap(([call, { placed }]) => (placed.stage === 'ended' ? [] : [call]))
  }

  /** Returns the calls that ended since the last call of this method. */
  takeEnded(): string[] {
    return this.#ended.splice(0)
  }

  /** Marks a call as cancelled: if it was not answered, its result is `cancelled`, whatever Asterisk reports. */
  cancel(call: string): void {
    const entry = this.#entries.get(call)
    if (entry) entry.isCancelled = true
  }

  /** Asterisk has accepted the request to dial. */
  sent(call: string): boolean {
    return this.#advance(call, 'sent')
  }

  /** Ends a call that has no channel. Returns false if it has ended already. */
  end(call: string, result: PlacedResult): boolean {
    const entry = this.#entries.get(call)
    if (!entry || entry.placed.stage === 'ended') return false
    entry.placed = { ...entry.placed, stage: 'ended', result }
    this.#ended.push(call)
    return true
  }

  /** At a new connection to Asterisk: continues calls that have a channel, and ends the others as `unknown`. Returns the changed ones. */
  resume(channels: readonly Pick<Channel, 'id' | 'state'>[]): string[] {
    const states = new Map(channels.map(({ id, state }) => [id, state]))
    return this.open().filter((call) => {
      const state = states.get(call)
      if (state === 'Up') return this.#advance(call, 'caller-answered')
      if (state === 'Ringing') return this.#ring(call) !== undefined
      return state === undefined && this.get(call)?.stage !== 'queued' && this.end(call, 'unknown')
    })
  }

  /** Returns the calls that the event changed. */
  apply(event: AriEvent): Set<string> {
    const call = this.#take(event)
    return new Set(call === undefined ? [] : [call])
  }

  /** Returns the state of an ended call that has no channel. */
  state(call: string, at: string): CallState | undefined {
    const entry = this.#entries.get(call)
    if (!entry) return undefined
    const { endpoint, extension, startedAt } = entry.request
    const common = { call, caller: { number: '', name: '', endpoint }, dialled: extension, callees: [], startedAt }
    return { ...common, state: 'ended', endedAt: at, placed: entry.placed }
  }

  #take(event: AriEvent): string | undefined {
    if (event.type === 'Dial') return this.#dial(event)
    if (event.type === 'ChannelStateChange') {
      const { id, state } = event.channel
      if (state === 'Ringing') return this.#ring(id)
      return state === 'Up' && this.#advance(id, 'caller-answered') ? id : undefined
    }
    return event.type === 'ChannelDestroyed' ? this.#destroyed(event) : undefined
  }

  /**
   * The channel of a call rings, or a channel that it dialled. Asterisk reports this twice, in any order: by the channel's
   * state, and by a `Dial` event of the dialling thread, which is missing if the call ends before the thread looks.
   */
  #ring(channel: string): string | undefined {
    const own = this.#entries.get(channel)
    const call = own ? channel : this.#callOfCallee.get(channel)
    if (call === undefined) return undefined
    const leg = own ? own.caller : this.#entries.get(call)?.callee
    if (leg) leg.hasRung = true
    return this.#advance(call, own ? 'ringing-caller' : 'ringing-callee') ? call : undefined
  }

  #dial({ caller, peer, dialstatus }: EventOf<'Dial'>): string | undefined {
    const isRinging = dialstatus === 'RINGING' || (dialstatus !== 'ANSWER' && peer.state === 'Ringing')
    const own = this.#entries.get(peer.id)
    if (!caller && own) {
      own.caller.dialStatus = dialstatus
      if (isRinging) return this.#ring(peer.id)
      const stage = dialstatus === 'ANSWER' ? 'caller-answered' : 'sent'
      return this.#advance(peer.id, stage) ? peer.id : undefined
    }
    const entry = caller && this.#entries.get(caller.id)
    if (!entry) return undefined
    entry.callee ??= newLeg()
    entry.callees.add(peer.id)
    this.#callOfCallee.set(peer.id, caller.id)
    entry.callee.dialStatus = dialstatus
    if (isRinging) return this.#ring(peer.id)
    return dialstatus === 'ANSWER' && this.#advance(caller.id, 'answered') ? caller.id : undefined
  }

  #destroyed({ channel, cause = 0, tech_cause }: EventOf<'ChannelDestroyed'>): string | undefined {
    const callOfCallee = this.#callOfCallee.get(channel.id)
    const callee = callOfCallee === undefined ? undefined : this.#entries.get(callOfCallee)?.callee
    if (callee) Object.assign(callee, { cause, sipCode: tech_cause })
    this.#callOfCallee.delete(channel.id)
    const entry = this.#entries.get(channel.id)
    if (!entry || entry.placed.stage === 'ended') return undefined
    Object.assign(entry.caller, { cause, sipCode: tech_cause })
    for (const id of entry.callees) this.#callOfCallee.delete(id)
    const decisive =
      entry.callee && entry.callee.cause > 0 && entry.placed.stage !== 'answered' ? entry.callee : entry.caller
    entry.placed = {
      stage: 'ended',
      result: resultOf(entry),
      ...(decisive.cause > 0 && { cause: decisive.cause }),
      ...(decisive.sipCode !== undefined && { sipCode: decisive.sipCode }),
    }
    this.#ended.push(channel.id)
    return channel.id
  }

  /** Moves forward only, since Asterisk's events are not strictly in order. */
  #advance(call: string, stage: PlacedStage): boolean {
    const entry = this.#entries.get(call)
    if (!entry || rank(entry.placed.stage) >= rank(stage)) return false
    entry.placed = { stage }
    return true
  }
}

function resultOf({ placed, caller, callee, isCancelled }: Entry): PlacedResult {
  if (placed.stage === 'answered') return 'answered'
  if (isCancelled) return 'cancelled'
  if (rank(placed.stage) < rank('caller-answered')) return unansweredResult(caller)
  if (!callee) return caller.cause === 16 || caller.cause === 0 ? 'unreachable' : unansweredResult(caller)
  // The caller hung up while it rang: the callee's leg has no result yet, or CANCEL.
  const isGivenUp =
    callee.dialStatus === 'CANCEL' || ['', 'RINGING', 'PROGRESS', 'PROCEEDING'].includes(callee.dialStatus)
  return isGivenUp ? 'cancelled' : unansweredResult(callee)
}

function newLeg(): LegOutcome {
  return { hasRung: false, dialStatus: '', cause: 0, sipCode: undefined }
}

function rank(stage: PlacedStage): number {
  return Stages.options.indexOf(stage)
}
