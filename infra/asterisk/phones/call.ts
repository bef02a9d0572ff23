import type { PhoneEvent } from './ari.ts'

/** The end of a phone's call. */
export interface CallEnd {
  readonly answered: boolean
  /** Q.850 cause: 16 normal clearing, 17 busy, 19 no answer, 21 rejected, 1 unknown number. */
  readonly cause: number
  readonly causeText: string
}

/** A call that one of the phones placed. Its promises always resolve. */
export class PhoneCall {
  readonly id: string
  /** Resolves when the channel is in the phones' application, which can then dial from it, or when the call has ended. */
  readonly taken: Promise<void>
  /** True when the other side rings, false if the call ends before. */
  readonly ringing: Promise<boolean>
  /** True when the other side answers, false if the call ends before. */
  readonly answered: Promise<boolean>
  readonly ended: Promise<CallEnd>
  readonly #taken = Promise.withResolvers<void>()
  readonly #ringing = Promise.withResolvers<boolean>()
  readonly #answered = Promise.withResolvers<boolean>()
  readonly #ended = Promise.withResolvers<CallEnd>()
  readonly #release: () => Promise<unknown>
  #wasAnswered = false

  /** @param release asks Asterisk to end the call */
  constructor(id: string, release: () => Promise<unknown>) {
    this.id = id
    this.#release = release
    this.taken = this.#taken.promise
    this.ringing = this.#ringing.promise
    this.answered = this.#answered.promise
    this.ended = this.#ended.promise
  }

  /** Cancels a ringing call or hangs up an answered one; resolves when the call has ended. */
  async hangup(): Promise<CallEnd> {
    await this.#release()
    return this.ended
  }

  /** Handles an event of this call's channel. */
  take(event: PhoneEvent): void {
    const state = event.channel?.state
    if (event.type === 'StasisStart') this.#taken.resolve()
    if (event.type === 'ChannelStateChange' && state === 'Ringing') this.#ringing.resolve(true)
    if (event.type === 'ChannelStateChange' && state === 'Up') {
      this.#wasAnswered = true
      this.#ringing.resolve(true)
      this.#answered.resolve(true)
    }
    if (event.type === 'ChannelDestroyed') this.end(event.cause ?? 0, event.cause_txt ?? '')
  }

  end(cause: number, causeText: string): void {
    this.#taken.resolve()
    this.#ringing.resolve(false)
    this.#answered.resolve(false)
    this.#ended.resolve({ answered: this.#wasAnswered, cause, causeText })
  }
}
