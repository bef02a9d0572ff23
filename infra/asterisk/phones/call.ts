import type { PhoneEvent } from './ari.ts'

/** How a phone's call ended. */
export interface CallEnd {
  readonly answered: boolean
  /** Q.850: 16 ended in the usual way, 17 busy, 19 no answer, 21 refused, 1 unknown number. */
  readonly cause: number
  readonly causeText: string
}

/** A call that one of the phones placed. Its promises always settle; they never reject. */
export class PhoneCall {
  readonly id: string
  /** Resolves once the phones' application has the channel, and so may dial from it; or the call ended without that. */
  readonly taken: Promise<void>
  /** True once the other side rings, false if the call ended without that. */
  readonly ringing: Promise<boolean>
  /** True once it is answered, false if the call ended without that. */
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

  /** Cancels the call if it rings, hangs up if it is answered, does nothing if it ended; resolves when it has ended. */
  async hangup(): Promise<CallEnd> {
    await this.#release()
    return this.ended
  }

  /** Takes an event of this call's own channel. */
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
