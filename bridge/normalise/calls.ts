import * as v from 'valibot'
import { parseChannelName } from '../../contracts/channel-name.ts'
import { PlacedCallId } from '../../contracts/commands.ts'
import type { CallState } from '../../contracts/facts.ts'
import { type Bridge, type Channel, type Snapshot, utc } from './ari-objects.ts'
import { Call } from './call.ts'
import { CallIndex } from './call-index.ts'
import { isOfDevice, type Leg, newLeg, noteDialstring, updateLeg } from './call-leg.ts'
import { answeredBy, loadCalls } from './calls-snapshot.ts'
import type { AriEvent, EventOf } from './events.ts'

/** The channels in such a bridge (parking, music on hold) do not talk to each other. */
const holding = 'holding'
/** Not a Q.850 cause: Asterisk's own flag for a requested hang-up. */
const softHangup = 32
/** Results of a dial after which the channel no longer rings. */
const dialOver = new Set(['BUSY', 'NOANSWER', 'CANCEL', 'CONGESTION', 'CHANUNAVAIL', 'DONTCALL', 'TORTURE'])

/**
 * Groups channels to calls by the rule of Asterisk's linkedid, which its events do not carry: all channels that were ever
 * joined by a dial, a bridge or a transfer are one call, whose id is that of the oldest channel.
 */
export class Calls {
  readonly #index = new CallIndex()
  /** The last published state of each call, as JSON, so that only changes are published. */
  readonly #published = new Map<string, string>()
  readonly #changed = new Set<Call>()
  #ended: CallState[] = []
  /** Visible calls that ended by a hang-up since this object was made. */
  endedCount = 0

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

  /** Any channel that lives now. */
  anyChannel(): string | undefined {
    return this.#index.all()[0]?.legs.keys().next().value
  }

  channelsOf(id: string): string[] {
    return [...(this.#index.get(id)?.legs.keys() ?? [])]
  }

  /** Returns the states that the event changed, ended calls first. */
  apply(event: AriEvent, now: string): CallState[] {
    const at = utc(event.timestamp, now)
    this.#take(event, at)
    const facts = this.#ended.splice(0)
    for (const call of this.#changed) {
      call.refresh(at)
      const state = call.isVisible ? call.state() : undefined
      if (state && this.#hasChanged(state)) facts.push(state)
    }
    this.#changed.clear()
    return facts
  }

  /** Loads a REST snapshot, with what an earlier connection knew about the same calls. */
  load(snapshot: Snapshot, now: string, earlier?: Calls): void {
    loadCalls(this.#index, snapshot, now, earlier === undefined ? undefined : earlier.#index)
    for (const bridge of snapshot.bridges) this.#joinBridge(bridge, now)
    this.#changed.clear()
    this.#ended = []
    for (const call of this.#index.all()) call.refresh(answeredBy(call, snapshot, now))
    for (const state of this.live()) this.#hasChanged(state)
  }

  #hasChanged(state: CallState): boolean {
    const text = JSON.stringify(state)
    if (this.#published.get(state.call) === text) return false
    this.#published.set(state.call, text)
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
      case 'ChannelCallerId':
        this.#update(event.channel, at)
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
        this.#enterBridge(event, at)
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
    if (this.#index.of(channel.id) || this.#index.isFull || this.#index.isOver(channel)) return
    const startedAt = utc(channel.creationtime, at)
    const leg = newLeg(channel, Date.parse(startedAt))
    const call = new Call(channel.id, startedAt)
    // Asterisk creates a channel that it dials as `Down`; one that calls in has another state. A channel of a call placed
    // through the API begins at once: its `Dial` event may arrive after the phone rings.
    if (channel.state !== 'Down' || v.is(PlacedCallId, channel.id)) this.#begin(call, leg, channel)
    this.#index.add(call, leg)
    this.#changed.add(call)
    const otherHalf = this.#index.otherHalf(leg)
    if (otherHalf) this.#join([otherHalf.id, leg.id], at)
  }

  #begin(call: Call, leg: Leg, channel: Channel): void {
    if (!isOfDevice(leg)) return
    call.hasBegun = true
    if (leg.role === 'unknown') leg.role = 'caller'
    call.noteDialled(channel.dialplan.exten)
  }

  /** Returns the leg of a channel. Creates it if an earlier event was missed; `undefined` if the channel was destroyed. */
  #update(channel: Channel, at: string): Leg | undefined {
    if (this.#index.isGone(channel.id)) return undefined
    if (!this.#index.of(channel.id)) this.#create(channel, at)
    const call = this.#index.of(channel.id)
    const leg = this.#index.leg(channel.id)
    if (!call || !leg) return undefined
    updateLeg(leg, channel)
    if (leg.role === 'caller') call.noteDialled(channel.dialplan.exten)
    call.noteApplication(leg, channel)
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
    if (leg) this.#index.of(channel.id)?.noteApplication(leg, channel)
    if (leg && leg.cause === 0 && cause !== undefined && cause !== softHangup) leg.cause = cause
  }

  #destroy({ channel, cause }: EventOf<'ChannelDestroyed'>, at: string): void {
    const call = this.#index.of(channel.id)
    const leg = this.#index.leg(channel.id)
    this.#index.forget(channel)
    if (!call || !leg) return
    if (cause) leg.cause = cause
    call.remove(leg, at)
    if (call.legs.size > 0) this.#changed.add(call)
    else {
      if (call.isVisible) this.endedCount += 1
      this.#end(call, call.ended(at), call.isVisible)
    }
  }

  #end(call: Call, ended: CallState, isPublished: boolean): void {
    this.#changed.delete(call)
    this.#index.remove(call)
    this.#published.delete(call.id)
    if (isPublished) this.#ended.push(ended)
  }

  #dial({ caller, peer, dialstatus, dialstring }: EventOf<'Dial'>, at: string): void {
    const leg = this.#update(peer, at)
    const callerLeg = caller && this.#update(caller, at)
    if (!leg) return
    if (callerLeg) {
      if (dialstatus === '') noteDialstring(leg, dialstring, this.#dialledBy(callerLeg))
      if (leg.role === 'unknown') leg.role = 'callee'
      this.#join([callerLeg.id, leg.id], at)
    }
    const call = this.#index.of(leg.id)
    if (call && callerLeg) call.hasBegun = true
    // A dial without a caller is an originate: its one channel is the caller, dialled by Asterisk.
    else if (call && dialstatus === '' && !call.hasBegun) this.#begin(call, leg, peer)
    if (dialstatus === 'RINGING' && leg.state !== 'Up') leg.isRinging = true
    if (!dialOver.has(dialstatus)) return
    leg.isRinging = false
    call?.noteAttempt(leg, dialstatus, callerLeg)
  }

  /** The number that a channel was sent to: of a `Local` channel its own, else that of the call. */
  #dialledBy(leg: Leg): string {
    const name = parseChannelName(leg.name)
    return name?.kind === 'local' ? name.exten : (this.#index.of(leg.id)?.dialled ?? '')
  }

  #enterBridge({ channel, bridge }: EventOf<'ChannelEnteredBridge'>, at: string): void {
    const leg = this.#update(channel, at)
    const call = this.#index.of(channel.id)
    if (leg) call?.noteRoom(leg, bridge, channel)
    if (leg) call?.noteBridge(leg, bridge.bridge_type === holding, at)
    this.#joinBridge(bridge, at)
  }

  #joinBridge(bridge: Bridge, at: string): void {
    if (bridge.bridge_type !== holding) this.#join(bridge.channels, at)
  }

  #join(channels: readonly string[], at: string): void {
    const [oldest, ...younger] = this.#index.oldestFirst(channels)
    if (!oldest || younger.length === 0) return
    for (const call of younger) {
      call.refresh(at)
      const ended = call.ended(at, oldest.id)
      const wasPublished = this.#published.has(call.id)
      this.#index.merge(oldest, call)
      this.#end(call, ended, wasPublished)
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
