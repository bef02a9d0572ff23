import type { Lane } from '../../contracts/packed-body.ts'
import { Backoff } from '../backoff.ts'
import { type Clock, realClock } from '../operate/clock.ts'
import type { Counters } from '../operate/counters.ts'
import { describeError, type Log } from '../operate/log.ts'
import { wait } from '../operate/wait.ts'
import type { Quarantine } from '../spool/quarantine.ts'
import { bodyCountForCall, type Sender, type SendOutcome } from './sender.ts'
import { QueueUnavailableError } from './sqs-errors.ts'

export interface Destination {
  lane: Lane
  queueUrl: string
}

export interface DeliveryDependencies {
  sender: Pick<Sender, 'send'>
  quarantine: Quarantine
  counters: Counters
  log: Log
  clock?: Clock
}

/** A send takes up to 10 s itself; waits of up to 20 s between tries find a queue that is back within half a minute. */
export const sendBackoff = { firstMs: 200, longestMs: 20_000 }

/** Sends bodies until each is accepted or in the quarantine. It gives up on nothing but the signal. */
export class Delivery {
  readonly #parts: DeliveryDependencies
  readonly #clock: Clock
  readonly #failing = new Set<Lane>()

  constructor(parts: DeliveryDependencies) {
    this.#parts = parts
    this.#clock = parts.clock ?? realClock
  }

  /** Whether the last call on the lane was taken by SQS. */
  isUp(lane: Lane): boolean {
    return !this.#failing.has(lane)
  }

  /** True when every body is settled; false if the signal ended it, and then any of them may or may not have arrived. */
  async deliver(to: Destination, bodies: readonly string[], signal: AbortSignal): Promise<boolean> {
    const backoff = new Backoff(sendBackoff, this.#clock.random)
    let waiting = [...bodies]
    while (waiting.length > 0) {
      if (signal.aborted) return false
      const call = waiting.slice(0, bodyCountForCall(waiting))
      const left = await this.try(to, call, signal)
      waiting = [...left, ...waiting.slice(call.length)]
      if (left.length === 0) backoff.reset()
      else await wait(backoff.nextMs(), signal, this.#clock)
    }
    return true
  }

  /** One call with at most ten bodies; answers those that are not settled. */
  async try(to: Destination, bodies: readonly string[], signal: AbortSignal): Promise<string[]> {
    let outcomes: SendOutcome[]
    try {
      outcomes = await this.#parts.sender.send(to.queueUrl, bodies, signal)
    } catch (error) {
      if (!(error instanceof QueueUnavailableError)) throw error
      if (error.fault === 'content' && !signal.aborted) return this.#oneByOne(to, bodies, error, signal)
      this.#failing.add(to.lane)
      this.#note(to, error.errorId, { fault: error.fault, reason: error.message })
      return [...bodies]
    }
    this.#failing.delete(to.lane)
    const left: string[] = []
    for (const [index, body] of bodies.entries()) {
      const outcome = outcomes[index]
      if (outcome?.kind === 'accepted') this.#parts.counters.add(`sent-${to.lane}`)
      else if (outcome?.kind !== 'refused' || !(await this.#putAside(to, body, outcome.code))) left.push(body)
    }
    if (left.length > 0) this.#note(to, 'queue-entry-failed', { entries: left.length, of: bodies.length })
    return left
  }

  /** SQS refused the call as a whole for what is in it: sent alone, only the guilty body is refused. */
  async #oneByOne(to: Destination, bodies: readonly string[], error: QueueUnavailableError, signal: AbortSignal) {
    const [only, ...others] = bodies
    if (only !== undefined && others.length === 0) {
      return (await this.#putAside(to, only, error.message)) ? [] : [only]
    }
    const left: string[] = []
    for (const body of bodies) left.push(...(await this.try(to, [body], signal)))
    return left
  }

  /** False if the quarantine cannot be written: then the body is not settled, for it would be nowhere. */
  async #putAside(to: Destination, body: string, code: string): Promise<boolean> {
    try {
      await this.#parts.quarantine.put(`body-${to.lane}`, Buffer.from(body))
    } catch (error) {
      this.#note(to, 'quarantine-unwritable', { reason: describeError(error) })
      return false
    }
    this.#note(to, 'body-refused', { code })
    return true
  }

  #note({ lane }: Destination, errorId: string, fields: Record<string, string | number>): void {
    this.#parts.counters.add(errorId)
    this.#parts.log.warn(errorId, { lane, ...fields })
  }
}
