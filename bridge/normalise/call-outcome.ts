import type { CallResult } from '../../contracts/call-result.ts'
import { parkingApps, voicemailApps } from '../../contracts/dial-steps.ts'

/** Q.850 causes with which Asterisk ends a call that it cannot connect: no route, not registered, no circuit. */
const unconnected = new Set([3, 20, 34])
const userBusy = 17

/**
 * What the events of a call say about how it went, from the caller's side. The rules are those that `docs/call-log.md` has for
 * CDRs, so that the last live state and the call log agree.
 */
export class CallOutcome {
  #hasDialled = false
  /** How the last attempt to ring a phone ended, if the phone did not answer. */
  #unanswered: 'cancelled' | 'no-answer' | undefined
  #isBusy = false
  /** The phone of an originated call could not be reached. */
  #isUnreachable = false
  #isVoicemail = false
  /** The application that the caller's channel ran last. */
  #app = ''

  noteDialled(): void {
    this.#hasDialled = true
  }

  /** Notes how the caller's attempt to reach one phone ended, by the `dialstatus` of the event. */
  noteAttempt(status: string): void {
    if (status === 'CANCEL') this.#unanswered = 'cancelled'
    else if (status === 'NOANSWER') this.#unanswered = 'no-answer'
    else if (status === 'BUSY') this.#isBusy = true
  }

  /** Notes how Asterisk's own attempt to reach the caller of an originated call ended. */
  noteOriginated(status: string): void {
    if (status === 'BUSY') this.#isBusy = true
    else if (status === 'CONGESTION' || status === 'CHANUNAVAIL') this.#isUnreachable = true
  }

  /** Notes what a channel of the call runs. Voicemail may answer behind a `Local` channel, as after a forward. */
  noteApplication(app: string, isUp: boolean, isCaller: boolean): void {
    if (app === '') return
    if (isUp && voicemailApps.test(app)) this.#isVoicemail = true
    if (isCaller) this.#app = app
  }

  /** Takes over what is known of a call that became part of this one, or that an earlier connection knew. */
  add(other: CallOutcome): void {
    this.#hasDialled ||= other.#hasDialled
    this.#unanswered ??= other.#unanswered
    this.#isBusy ||= other.#isBusy
    this.#isUnreachable ||= other.#isUnreachable
    this.#isVoicemail ||= other.#isVoicemail
    if (this.#app === '') this.#app = other.#app
  }

  /**
   * @param hasSpoken whether a phone, a trunk or a room answered
   * @param isUp whether anything answered the caller
   * @param cause Q.850; 0 if unknown
   */
  result(hasSpoken: boolean, isUp: boolean, cause: number): CallResult {
    if (hasSpoken) return 'answered'
    if (this.#isVoicemail) return 'voicemail'
    if (!this.#hasDialled) return this.#resultAlone(isUp, cause)
    return this.#unanswered ?? (this.#isBusy ? 'busy' : 'failed')
  }

  /**
   * No phone was dialled: the caller spoke to a menu, waited in a queue without phones, was parked or dialled a parking place where
   * nobody was, or was turned away.
   */
  #resultAlone(isUp: boolean, cause: number): CallResult {
    if (this.#app === 'Queue') return 'cancelled'
    if (parkingApps.test(this.#app)) return 'unreachable'
    if (isUp) return 'answered'
    if (this.#isBusy || cause === userBusy) return 'busy'
    return this.#isUnreachable || unconnected.has(cause) ? 'unreachable' : 'no-answer'
  }
}
