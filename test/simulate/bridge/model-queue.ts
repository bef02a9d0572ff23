import type { SendOutcome } from '../../../bridge/forward/sender.ts'
import { QueueUnavailableError } from '../../../bridge/forward/sqs-errors.ts'
import type { Chance } from './chance.ts'
import type { Life, Time } from './time.ts'

/** State of the connection to the cloud. */
export type Uplink = 'up' | 'down' | 'no-dns' | 'hang' | 'throttled' | 'denied' | 'expired' | 'slow'

const names: Partial<Record<Uplink, string>> = {
  down: 'TimeoutError',
  'no-dns': 'ENOTFOUND',
  throttled: 'ThrottlingException',
  denied: 'AccessDenied',
  expired: 'ExpiredToken',
}
const hangMs = 10_000

/** SQS and the connection to it. It delivers accepted bodies at least once, in any order. */
export class ModelQueue {
  readonly #time: Time
  readonly #chance: Chance
  readonly #deliver: (lane: string, body: string) => void
  uplink: Uplink = 'up'
  isSeventhFailing = false
  /** The lane whose queue alone is throttled. */
  throttledLane: string | undefined
  lostReplies = 0
  partialFailures = 0
  poisons = 0
  isShuffling = false
  readonly poisoned: string[] = []
  /** Called for each fault that is injected. */
  onFault: (kind: string) => void = () => undefined
  #calls = 0

  constructor(time: Time, chance: Chance, deliver: (lane: string, body: string) => void) {
    this.#time = time
    this.#chance = chance
    this.#deliver = deliver
  }

  sender(life: Life): { send(queueUrl: string, bodies: readonly string[]): Promise<SendOutcome[]> } {
    return { send: (lane, bodies) => this.#send(lane, bodies, life) }
  }

  async #send(lane: string, bodies: readonly string[], life: Life): Promise<SendOutcome[]> {
    this.#calls += 1
    const { uplink } = this
    await this.#time.pass(uplink === 'slow' ? this.#chance.between(200, 2000) : this.#chance.between(5, 60), life)
    if (uplink === 'hang') return this.#hang(lane, bodies, life)
    const name = lane === this.throttledLane ? names.throttled : names[uplink]
    if (name !== undefined) throw unavailable(name)
    if (uplink === 'slow' && this.#chance.in(0.1)) throw unavailable('ECONNRESET')
    if (this.isSeventhFailing && this.#calls % 7 === 0) {
      this.onFault('http-500')
      throw unavailable('InternalError')
    }
    const outcomes = bodies.map((body) => this.#outcomeFor(lane, body))
    if (this.lostReplies > 0) {
      this.lostReplies -= 1
      this.onFault('reply-lost')
      throw unavailable('ECONNRESET')
    }
    return outcomes
  }

  #outcomeFor(lane: string, body: string): SendOutcome {
    if (this.partialFailures > 0 && this.#chance.in(0.5)) {
      this.partialFailures -= 1
      this.onFault('partial-failure')
      return { kind: 'retry', code: 'InternalError' }
    }
    if (this.poisons > 0 && lane === 'records') {
      this.poisons -= 1
      this.onFault('poison')
      this.poisoned.push(body)
      return { kind: 'refused', code: 'InvalidMessageContents' }
    }
    this.#accept(lane, body)
    return { kind: 'accepted' }
  }

  /** A half-open connection: the bodies may have arrived, but no answer comes back. */
  async #hang(lane: string, bodies: readonly string[], life: Life): Promise<never> {
    if (this.#chance.in(0.5)) for (const body of bodies) this.#accept(lane, body)
    await this.#time.pass(hangMs, life)
    throw unavailable('AbortError')
  }

  #accept(lane: string, body: string): void {
    const copies = this.isShuffling ? this.#chance.whole(1, 6) : 1
    if (this.isShuffling) this.onFault('shuffled')
    for (let copy = 0; copy < copies; copy += 1) {
      this.#time.after(this.isShuffling ? this.#chance.between(1, 3000) : this.#chance.between(1, 20), () =>
        this.#deliver(lane, body),
      )
    }
  }
}

function unavailable(name: string): QueueUnavailableError {
  const cause = new Error(`${name}, simulated`)
  cause.name = name
  return new QueueUnavailableError(cause)
}
