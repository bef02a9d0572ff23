import type { CallState } from '../../contracts/facts.ts'
import type { Placed, PlacedResult, PlacedStage } from '../../contracts/placed.ts'
import { PlacedStage as Stages } from '../../contracts/placed.ts'
import type { Channel } from './ari-objects.ts'
import type { AriEvent, EventOf } from './events.ts'
import { type LegOutcome, unansweredResult } from './placed-result.ts'

/** What is known of a call before Asterisk tells anything of it. */
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

/** Ended calls are remembered while other legs of theirs may live on; beyond, the oldest goes. */
const entriesMax = 2_000

/** The calls that this bridge placed, each followed by its channel's id from the command to its end. Pure. */
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

  /** The calls that have not ended. */
  open(): string[] {
    return [...this.#entries].flatMap(([call, { placed }]) => (placed.stage === 'ended' ? [] : [call]))
  }

  /** The calls that ended since this was asked last. */
  takeEnded(): string[] {
    return this.#ended.splice(0)
  }

  /** Asked to end before it was answered: whatever Asterisk says of it next. */
  cancel(call: string): void {
    const entry = this.#entries.get(call)
    if (entry) entry.isCancelled = true
  }

  /** Asterisk has taken the order to dial. */
  sent(call: string): boolean {
    return this.#advance(call, 'sent')
  }

  /** Ends a call of which no channel tells; false if it has ended already. */
  end(call: string, result: PlacedResult): boolean {
    const entry = this.#entries.get(call)
    if (!entry || entry.placed.stage === 'ended') return false
    entry.placed = { ...entry.placed, stage: 'ended', result }
    this.#ended.push(call)
    return true
  }

  /** At a new connection to Asterisk: takes up those that have a channel, ends the others. Nobody saw how they went. */
  resume(channels: readonly Pick<Channel, 'id' | 'state'>[]): string[] {
    const states = new Map(channels.map(({ id, state }) => [id, state]))
    return this.open().filter((call) => {
      const state = states.get(call)
      if (state === 'Up') return this.#advance(call, 'caller-answered')
      if (state === 'Ringing') return this.#ring(call) !== undefined
      return state === undefined && this.get(call)?.stage !== 'queued' && this.end(call, 'unknown')
    })
  }

  /** The calls that the event changed. */
  apply(event: AriEvent): Set<string> {
    const call = this.#take(event)
    return new Set(call === undefined ? [] : [call])
  }

  /** The state of a call that no channel of Asterisk's stands for. */
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
   * The channel of a call rings, or one that it dialled. Asterisk says so twice, in no order: by the channel's state, and by a
   * `Dial` of the thread that dialled. That one comes after the call has gone out, and never if it ended before the thread
   * looked.
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
    const told =
      entry.callee && entry.callee.cause > 0 && entry.placed.stage !== 'answered' ? entry.callee : entry.caller
    entry.placed = {
      stage: 'ended',
      result: resultOf(entry),
      ...(told.cause > 0 && { cause: told.cause }),
      ...(told.sipCode !== undefined && { sipCode: told.sipCode }),
    }
    this.#ended.push(channel.id)
    return channel.id
  }

  /** Forward only: Asterisk's events are not strictly in order. */
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
  // The caller hung up while it rang: the callee's leg has no word of its own yet, or CANCEL.
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
