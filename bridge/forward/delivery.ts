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

/** A send takes up to 10 s. With waits of up to 20 s, the bridge notices within 30 s that a queue is reachable again. */
export const sendBackoff = { firstMs: 200, longestMs: 20_000 }

/** Sends bodies until SQS has accepted each or the quarantine has it. Only the signal ends the retries. */
export class Delivery {
  readonly #dependencies: DeliveryDependencies
  readonly #clock: Clock
  readonly #failing = new Set<Lane>()

  constructor(dependencies: DeliveryDependencies) {
    this.#dependencies = dependencies
    this.#clock = dependencies.clock ?? realClock
  }

  /** Whether SQS answered the lane's last call. */
  isUp(lane: Lane): boolean {
    return !this.#failing.has(lane)
  }

  /** True once every body is accepted or quarantined. False if the signal aborted it: then some bodies may have arrived. */
  async deliver(to: Destination, bodies: readonly string[], signal: AbortSignal): Promise<boolean> {
    const backoff = new Backoff(sendBackoff, this.#clock.random)
    let toSend = [...bodies]
    while (toSend.length > 0) {
      if (signal.aborted) return false
      const call = toSend.slice(0, bodyCountForCall(toSend))
      const rejected = await this.try(to, call, signal)
      toSend = [...rejected, ...toSend.slice(call.length)]
      if (rejected.length === 0) backoff.reset()
      else await wait(backoff.nextMs(), signal, this.#clock)
    }
    return true
  }

  /** Makes one SQS call with at most ten bodies; returns the bodies to retry. */
  async try(to: Destination, bodies: readonly string[], signal: AbortSignal): Promise<string[]> {
    let outcomes: SendOutcome[]
    try {
      outcomes = await this.#dependencies.sender.send(to.queueUrl, bodies, signal)
    } catch (error) {
      if (!(error instanceof QueueUnavailableError)) throw error
      if (error.fault === 'content' && !signal.aborted) return this.#sendOneByOne(to, bodies, error, signal)
      this.#failing.add(to.lane)
      this.#note(to, error.errorId, { fault: error.fault, reason: error.message })
      return [...bodies]
    }
    this.#failing.delete(to.lane)
    const left: string[] = []
    for (const [index, body] of bodies.entries()) {
      const outcome = outcomes[index]
      if (outcome?.kind === 'accepted') this.#dependencies.counters.add(`sent-${to.lane}`)
      else if (outcome?.kind !== 'refused' || !(await this.#quarantine(to, body, outcome.code))) left.push(body)
    }
    if (left.length > 0) this.#note(to, 'queue-entry-failed', { entries: left.length, of: bodies.length })
    return left
  }

  /** Used if SQS rejects a whole call for its content: sent alone, only the faulty body is rejected. */
  async #sendOneByOne(to: Destination, bodies: readonly string[], error: QueueUnavailableError, signal: AbortSignal) {
    const [only, ...others] = bodies
    if (only !== undefined && others.length === 0) {
      return (await this.#quarantine(to, only, error.message)) ? [] : [only]
    }
    const left: string[] = []
    for (const body of bodies) left.push(...(await this.try(to, [body], signal)))
    return left
  }

  /** False if the quarantine cannot be written: the body must be kept, or it would be lost. */
  async #quarantine(to: Destination, body: string, code: string): Promise<boolean> {
    try {
      await this.#dependencies.quarantine.put(`body-${to.lane}`, Buffer.from(body))
    } catch (error) {
      this.#note(to, 'quarantine-unwritable', { reason: describeError(error) })
      return false
    }
    this.#note(to, 'body-refused', { code })
    return true
  }

  #note({ lane }: Destination, errorId: string, fields: Record<string, string | number>): void {
    this.#dependencies.counters.add(errorId)
    this.#dependencies.log.warn(errorId, { lane, ...fields })
  }
}
