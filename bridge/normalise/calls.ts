import * as v from 'valibot'
import { PlacedCallId } from '../../contracts/commands.ts'
import type { CallState } from '../../contracts/facts.ts'
import { type Bridge, type Channel, isLocal, type Snapshot, utc } from './ari-objects.ts'
import { Call, type Leg, newLeg, updateLeg } from './call.ts'
import { CallIndex } from './call-index.ts'
import { answeredBy, loadCalls } from './calls-snapshot.ts'
import type { AriEvent, EventOf } from './events.ts'

/** Not Q.850: Asterisk's own flag of a requested hang-up. */
const softHangup = 32
/** Outcomes of one dialled channel after which it rings no more. */
const dialOver = new Set(['BUSY', 'NOANSWER', 'CANCEL', 'CONGESTION', 'CHANUNAVAIL', 'DONTCALL', 'TORTURE'])

/**
 * Which channels are one call, by the rule of Asterisk's linkedid, which its events do not carry: the id of the oldest
 * channel of those that a dial, a bridge or a transfer ever joined.
 */
export class Calls {
  readonly #index = new CallIndex()
  /** What was told last of each call, to tell only news. */
  readonly #told = new Map<string, string>()
  readonly #changed = new Set<Call>()
  #ended: CallState[] = []

  live(): CallState[] {
    return this.#index
      .all()
      .filter((call) => call.isVisible)
      .map((call) => call.state())
  }

  get(id: string): CallState | undefined {
    const call = this.#index.get(id)
    return call?.isVisible ? call.state() : undefined
  }

  channelsOf(id: string): string[] {
    return [...(this.#index.get(id)?.legs.keys() ?? [])]
  }

  /** The states that changed, ended calls first. */
  apply(event: AriEvent, now: string): CallState[] {
    const at = utc(event.timestamp, now)
    this.#take(event, at)
    const facts = this.#ended.splice(0)
    for (const call of this.#changed) {
      call.refresh(at)
      const state = call.isVisible ? call.state() : undefined
      if (state && this.#isNews(state)) facts.push(state)
    }
    this.#changed.clear()
    return facts
  }

  /** What REST told, with what an earlier connection knew of the same calls. */
  load(snapshot: Snapshot, now: string, earlier?: Calls): void {
    loadCalls(this.#index, snapshot, now, earlier === undefined ? undefined : earlier.#index)
    for (const bridge of snapshot.bridges) this.#joinBridge(bridge, now)
    this.#changed.clear()
    this.#ended = []
    for (const call of this.#index.all()) call.refresh(answeredBy(call, snapshot, now))
    for (const state of this.live()) this.#isNews(state)
  }

  #isNews(state: CallState): boolean {
    const text = JSON.stringify(state)
    if (this.#told.get(state.call) === text) return false
    this.#told.set(state.call, text)
    return true
  }

  #take(event: AriEvent, at: string): void {
    switch (event.type) {
      case 'ChannelCreated':
        this.#create(event.channel, at)
        break
      case 'ChannelStateChange':
        this.#stateChange(event.channel, at)
        break
      case 'ChannelHangupRequest':
        this.#hangupRequest(event)
        break
      case 'ChannelDestroyed':
        this.#destroy(event, at)
        break
      case 'Dial':
        this.#dial(event, at)
        break
      case 'ChannelEnteredBridge':
        this.#update(event.channel, at)
        this.#joinBridge(event.bridge, at)
        break
      case 'BridgeMerged':
        this.#join([...event.bridge.channels, ...event.bridge_from.channels], at)
        break
      case 'BridgeBlindTransfer':
      case 'BridgeAttendedTransfer':
        this.#join(transferred(event), at)
        break
    }
  }

  #create(channel: Channel, at: string): void {
    if (this.#index.of(channel.id) || this.#index.isFull) return
    const startedAt = utc(channel.creationtime, at)
    const leg = newLeg(channel, Date.parse(startedAt))
    const call = new Call(channel.id, startedAt)
    // A channel that Asterisk makes to dial out is born `Down`; one that calls in is not. Which call one of a call by API
    // is in is known: the `Dial` that tells others may come after the phone rings.
    if (channel.state !== 'Down' || v.is(PlacedCallId, channel.id)) this.#begin(call, leg, channel)
    this.#index.add(call, leg)
    this.#changed.add(call)
    const otherHalf = this.#index.otherHalf(leg)
    if (otherHalf) this.#join([otherHalf.id, leg.id], at)
  }

  #begin(call: Call, leg: Leg, channel: Channel): void {
    if (isLocal(leg.name)) return
    call.hasBegun = true
    if (leg.role === 'unknown') leg.role = 'caller'
    call.noteDialled(channel.dialplan.exten)
  }

  /** The leg of a channel, made if an event before it was missed; `undefined` if the channel is gone. */
  #update(channel: Channel, at: string): Leg | undefined {
    if (this.#index.isGone(channel.id)) return undefined
    if (!this.#index.of(channel.id)) this.#create(channel, at)
    const call = this.#index.of(channel.id)
    const leg = this.#index.leg(channel.id)
    if (!call || !leg) return undefined
    updateLeg(leg, channel)
    if (leg.role === 'caller') call.noteDialled(channel.dialplan.exten)
    this.#changed.add(call)
    return leg
  }

  #stateChange(channel: Channel, at: string): void {
    const leg = this.#update(channel, at)
    const call = this.#index.of(channel.id)
    if (leg && call && !call.hasBegun && leg.state !== 'Down') this.#begin(call, leg, channel)
  }

  #hangupRequest({ channel, cause }: EventOf<'ChannelHangupRequest'>): void {
    const leg = this.#index.leg(channel.id)
    if (leg && leg.cause === 0 && cause !== undefined && cause !== softHangup) leg.cause = cause
  }

  #destroy({ channel, cause }: EventOf<'ChannelDestroyed'>, at: string): void {
    const call = this.#index.of(channel.id)
    const leg = this.#index.leg(channel.id)
    this.#index.forget(channel.id)
    if (!call || !leg) return
    if (cause) leg.cause = cause
    call.remove(leg)
    if (call.legs.size > 0) this.#changed.add(call)
    else this.#end(call, call.ended(at), call.isVisible)
  }

  #end(call: Call, ended: CallState, isTold: boolean): void {
    this.#changed.delete(call)
    this.#index.remove(call)
    this.#told.delete(call.id)
    if (isTold) this.#ended.push(ended)
  }

  #dial({ caller, peer, dialstatus }: EventOf<'Dial'>, at: string): void {
    const leg = this.#update(peer, at)
    const callerLeg = caller && this.#update(caller, at)
    if (!leg) return
    if (callerLeg) {
      if (leg.role === 'unknown') leg.role = 'callee'
      this.#join([callerLeg.id, leg.id], at)
    }
    const call = this.#index.of(leg.id)
    if (call && callerLeg) call.hasBegun = true
    // No caller: an originate, whose one channel is both who calls and whom Asterisk dialled.
    else if (call && dialstatus === '' && !call.hasBegun) this.#begin(call, leg, peer)
    if (dialstatus === 'RINGING' && leg.state !== 'Up') leg.isRinging = true
    if (dialOver.has(dialstatus)) leg.isRinging = false
  }

  #joinBridge(bridge: Bridge, at: string): void {
    // A holding bridge (parking, music on hold) keeps strangers in one place without joining them.
    if (bridge.bridge_type !== 'holding') this.#join(bridge.channels, at)
  }

  #join(channels: readonly string[], at: string): void {
    const [oldest, ...younger] = this.#index.oldestFirst(channels)
    if (!oldest || younger.length === 0) return
    for (const call of younger) {
      call.refresh(at)
      const ended = call.ended(at, oldest.id)
      const wasTold = this.#told.has(call.id)
      this.#index.merge(oldest, call)
      this.#end(call, ended, wasTold)
    }
    this.#changed.add(oldest)
  }
}

function transferred(event: EventOf<'BridgeBlindTransfer' | 'BridgeAttendedTransfer'>): string[] {
  const channels =
    event.type === 'BridgeBlindTransfer'
      ? [event.channel, event.transferee, event.replace_channel]
      : [
          event.transferer_first_leg,
          event.transferer_second_leg,
          event.transferee,
          event.transfer_target,
          event.replace_channel,
        ]
  return channels.flatMap((channel) => channel?.id ?? [])
}
