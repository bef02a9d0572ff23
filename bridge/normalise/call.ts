import { isDialled } from '../../contracts/dial-steps.ts'
import type { CallState, Party } from '../../contracts/facts.ts'
import { cutText } from '../../contracts/text.ts'
import type { Bridge, Channel } from './ari-objects.ts'
import { isOfDevice, type Leg } from './call-leg.ts'
import { CallOutcome } from './call-outcome.ts'
import { Parking } from './parking.ts'

/** A conference may have any name; numbers are shorter. */
const roomNameMax = 80

/** The limit of the contract: a call to more phones shows the first 50. */
const calleesMax = 50

/** The channels of one call and the state that is published for it. */
export class Call {
  readonly id: string
  readonly legs = new Map<string, Leg>()
  startedAt: string
  /** When the caller's channel was answered, by a phone, a queue or a menu. */
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
  /** When a phone or a conference first answered. */
  #spokeAt: string | undefined
  readonly #parking = new Parking()
  #rang: Party[] = []
  /** The conference that the caller entered before anyone had answered. */
  #room: Party | undefined
  readonly #outcome = new CallOutcome()

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
    this.refresh()
  }

  noteDialled(extension: string): void {
    if (this.dialled === '' && isDialled(extension)) this.dialled = extension
  }

  /**
   * Notes how an attempt to reach a phone ended. Only those of the caller decide how the call went.
   * @param dialler absent where Asterisk dialled: an originated call
   */
  noteAttempt(leg: Leg, status: string, dialler: Leg | undefined): void {
    if (leg.isOver) return
    leg.isOver = true
    if (!dialler) this.#outcome.noteOriginated(status)
    else if (dialler.id === this.#callerLeg) this.#outcome.noteAttempt(status)
  }

  noteApplication(leg: Leg, { dialplan, state }: Channel): void {
    this.#outcome.noteApplication(dialplan.app_name ?? '', state === 'Up', leg.id === this.#callerLeg)
  }

  /** A conference answers as its number, or as its name where the dial plan is at a step without a number. */
  noteRoom(leg: Leg, { creator, name }: Bridge, { dialplan }: Channel): void {
    if (creator !== 'ConfBridge' || leg.id !== this.#callerLeg || this.#answered.size > 0) return
    this.#room ??= { number: isDialled(dialplan.exten) ? dialplan.exten : cutText(name ?? '', roomNameMax), name: '' }
  }

  /** Notes that a channel entered a bridge, in which it talks or is parked. */
  noteBridge(leg: Leg, isParked: boolean, at: string): void {
    if (isParked) this.#parking.enter(leg.id, at)
    else this.#parking.leave(leg.id, at, this.#spokeAt)
  }

  remove(leg: Leg, at: string): void {
    this.legs.delete(leg.id)
    this.#parking.leave(leg.id, at, this.#spokeAt)
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
    this.#room = earlier.#room
    this.#outcome.add(earlier.#outcome)
    this.#spokeAt = earlier.#spokeAt
    this.#parking.add(earlier.#parking)
    for (const [key, party] of earlier.#answered) this.#answered.set(key, party)
    this.hasBegun ||= earlier.hasBegun
  }

  /** Takes over the channels of a younger call. Its caller becomes a callee here. */
  absorb(younger: Call): void {
    this.hasBegun ||= younger.hasBegun
    this.#hasPhone ||= younger.#hasPhone
    if (this.dialled === '') this.dialled = younger.dialled
    if (this.#answered.size === 0) this.#room ??= younger.#room
    this.#outcome.add(younger.#outcome)
    this.#spokeAt ??= younger.#spokeAt
    this.#parking.add(younger.#parking)
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
    if (legs.length > 0) this.#hasPhone = true
    const caller = legs.find((leg) => leg.role === 'caller')
    if (this.#callerLeg === undefined && caller) this.#callerLeg = caller.id
    const known = this.#callerLeg === undefined ? undefined : this.legs.get(this.#callerLeg)
    if (known) this.#caller = known.party
    if ([...this.legs.values()].some((leg) => leg.role === 'callee')) this.#outcome.noteDialled()
    const callees = legs.filter((leg) => leg.role === 'callee')
    for (const leg of callees) if (leg.state === 'Up') this.#answered.set(partyKey(leg.party), leg.party)
    if (legs.some((leg) => leg.isRinging)) this.#hasRung = true
    const isUp = known ? known.state === 'Up' : this.#callerLeg === undefined && this.#answered.size > 0
    if (isUp && at !== undefined) this.answeredAt ??= at
    if ((this.#answered.size > 0 || this.#room) && at !== undefined) this.#spokeAt ??= at
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
      ...(mergedInto === undefined && this.#conclusion()),
      endedAt: at,
      ...(this.#cause > 0 && { cause: this.#cause }),
      ...(mergedInto !== undefined && { mergedInto }),
    }
  }

  /** How the call went and who answered: a menu answers as the number that was dialled. */
  #conclusion(): Partial<CallState> {
    const spoke = this.#room ?? this.#answered.values().next().value
    const isUp = this.answeredAt !== undefined
    const result = this.#outcome.result(spoke !== undefined, isUp, this.#cause)
    if (result !== 'answered') return { result }
    const answeredBy = spoke ?? (this.dialled === '' ? undefined : { number: this.dialled, name: '' })
    // A queue answers the caller before anybody speaks.
    const spokeAt = [this.answeredAt, this.#spokeAt]
      .filter((time) => time !== undefined)
      .toSorted()
      .at(-1)
    const { seconds: parkedSeconds } = this.#parking
    return {
      result,
      ...(answeredBy && { answeredBy }),
      ...(spokeAt !== undefined && { answeredAt: spokeAt }),
      ...(parkedSeconds > 0 && { parkedSeconds }),
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
