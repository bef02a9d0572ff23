import { endpointOfChannel } from '../../contracts/channel-name.ts'
import { isDialled } from '../../contracts/dial-steps.ts'
import type { CallState, Party } from '../../contracts/facts.ts'
import type { Channel } from './ari-objects.ts'

/** One channel of a call. A `caller` called in or was originated first; a `callee` was dialled. */
export interface Leg {
  readonly id: string
  readonly name: string
  /** When the channel was created, Unix milliseconds. The oldest leg gives the call its id. */
  readonly createdMs: number
  role: 'caller' | 'callee' | 'unknown'
  party: Party
  state: string
  isRinging: boolean
  /** Q.850 cause of its end; 0 while unknown. */
  cause: number
}

export function newLeg(channel: Channel, createdMs: number): Leg {
  const leg: Leg = {
    id: channel.id,
    name: channel.name,
    createdMs,
    role: 'unknown',
    party: { number: '', name: '' },
    state: channel.state,
    isRinging: false,
    cause: 0,
  }
  const endpoint = endpointOfChannel(channel.name)
  if (endpoint !== undefined) leg.party.endpoint = endpoint
  updateLeg(leg, channel)
  return leg
}

/** Keeps the first number and name of a channel: an originate or a transfer replaces them later. */
export function updateLeg(leg: Leg, { caller, state }: Channel): void {
  if (leg.party.number === '' && caller.number !== '') leg.party = { ...leg.party, ...pick(caller) }
  leg.state = state
  if (state === 'Ringing') leg.isRinging = true
  if (state === 'Up') leg.isRinging = false
}

/** False for Local channels and for Asterisk's own machinery, such as snoop channels: nobody's phone. */
export function isOfDevice({ party }: Leg): boolean {
  return party.endpoint !== undefined
}

function pick({ number, name }: Party): Party {
  return { number, name }
}

/** The limit of the contract: a call to more phones shows the first 50. */
const calleesMax = 50

/** The channels of one call and the state that is published for it. */
export class Call {
  readonly id: string
  readonly legs = new Map<string, Leg>()
  startedAt: string
  answeredAt: string | undefined
  dialled = ''
  /** A channel called in, was dialled or was originated. Before that, the channels may still join another call. */
  hasBegun = false
  #caller: Party | undefined
  #callerLeg: string | undefined
  #hasPhone = false
  #hasRung = false
  #cause = 0
  readonly #answered = new Map<string, Party>()
  #rang: Party[] = []

  constructor(id: string, startedAt: string) {
    this.id = id
    this.startedAt = startedAt
  }

  /** Only visible calls are published: one with nothing but `Local` channels is a step of the dial plan. */
  get isVisible(): boolean {
    return this.hasBegun && this.#hasPhone
  }

  /** Creation of the oldest channel, Unix milliseconds. */
  get createdMs(): number {
    return Math.min(Date.parse(this.startedAt), ...[...this.legs.values()].map((leg) => leg.createdMs))
  }

  add(leg: Leg): void {
    this.legs.set(leg.id, leg)
    if (isOfDevice(leg)) this.#hasPhone = true
    this.refresh()
  }

  noteDialled(extension: string): void {
    if (this.dialled === '' && isDialled(extension)) this.dialled = extension
  }

  remove(leg: Leg): void {
    this.legs.delete(leg.id)
    if (leg.cause > 0 && (this.#cause === 0 || leg.id === this.#callerLeg)) this.#cause = leg.cause
    else if (leg.cause > 0 && this.#callerLeg !== undefined && this.legs.has(this.#callerLeg)) this.#cause = leg.cause
  }

  /** Takes over what an earlier connection knew about the same call and REST does not report. */
  adopt(earlier: Call): void {
    this.startedAt = earlier.startedAt
    this.answeredAt = earlier.answeredAt
    this.dialled = earlier.dialled
    this.#caller = earlier.#caller
    this.#callerLeg = earlier.#callerLeg
    this.#hasPhone ||= earlier.#hasPhone
    this.#hasRung ||= earlier.#hasRung
    this.#rang = earlier.#rang
    for (const [key, party] of earlier.#answered) this.#answered.set(key, party)
    this.hasBegun ||= earlier.hasBegun
  }

  /** Takes over the channels of a younger call. Its caller becomes a callee here. */
  absorb(younger: Call): void {
    this.hasBegun ||= younger.hasBegun
    this.#hasPhone ||= younger.#hasPhone
    if (this.dialled === '') this.dialled = younger.dialled
    for (const leg of younger.legs.values()) {
      if (this.#callerLeg !== undefined && leg.role === 'caller') leg.role = 'callee'
      this.legs.set(leg.id, leg)
    }
    for (const [key, party] of younger.#answered) this.#answered.set(key, party)
    this.refresh()
  }

  /** Updates the data that outlives channels: caller, who answered, who rang. `at` is used as the time of answer. */
  refresh(at?: string): void {
    const legs = [...this.legs.values()].filter(isOfDevice)
    const caller = legs.find((leg) => leg.role === 'caller')
    if (this.#callerLeg === undefined && caller) this.#callerLeg = caller.id
    const known = this.#callerLeg === undefined ? undefined : this.legs.get(this.#callerLeg)
    if (known) this.#caller = known.party
    const callees = legs.filter((leg) => leg.role === 'callee')
    for (const leg of callees) if (leg.state === 'Up') this.#answered.set(partyKey(leg.party), leg.party)
    if (legs.some((leg) => leg.isRinging)) this.#hasRung = true
    const isUp = known ? known.state === 'Up' : this.#callerLeg === undefined && this.#answered.size > 0
    if (isUp && at !== undefined) this.answeredAt ??= at
    const active = callees.filter((leg) => leg.isRinging || leg.state === 'Up').map((leg) => leg.party)
    if (active.length > 0) this.#rang = active
  }

  /** Returns the whole state as it is published. */
  state(): CallState {
    const progress = this.answeredAt !== undefined ? 'answered' : this.#hasRung ? 'ringing' : 'dialling'
    return {
      call: this.id,
      state: progress,
      caller: this.#caller ?? { number: '', name: '' },
      dialled: this.dialled,
      callees: this.#callees().slice(0, calleesMax),
      startedAt: this.startedAt,
      ...(this.answeredAt !== undefined && { answeredAt: this.answeredAt }),
    }
  }

  ended(at: string, mergedInto?: string): CallState {
    return {
      ...this.state(),
      state: 'ended',
      endedAt: at,
      ...(this.#cause > 0 && { cause: this.#cause }),
      ...(mergedInto !== undefined && { mergedInto }),
    }
  }

  /** Before the answer: the phones that ring or rang last. After it: who answered, and who rings now. */
  #callees(): Party[] {
    if (this.answeredAt === undefined) return this.#rang
    const parties = new Map(this.#answered)
    for (const leg of this.legs.values()) {
      if (leg.role === 'callee' && leg.isRinging && isOfDevice(leg)) parties.set(partyKey(leg.party), leg.party)
    }
    return [...parties.values()]
  }
}

function partyKey(party: Party): string {
  return `${party.endpoint ?? ''} ${party.number}`
}
