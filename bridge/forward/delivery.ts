import type { Lane } from '../../contracts/packed-body.ts'
import { Backoff } from '../backoff.ts'
import { type Clock, realClock } from '../operate/clock.ts'
import type { Counters } from '../operate/counters.ts'
import { describeError, type Log } from '../operate/log.ts'
import type { CounterId } from '../operate/metrics/counter-catalogue.ts'
import type { Durations } from '../operate/metrics/durations.ts'
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
  durations?: Durations
}

/** Gets a body that SQS will never accept, instead of the quarantine. Throws if it cannot keep it: the body is then sent again. */
export type OnRefused = (body: string) => void | Promise<void>

/** A send takes up to 10 s. With waits of up to 20 s, the bridge notices within 30 s that a queue is reachable again. */
export const sendBackoff = { firstMs: 200, longestMs: 20_000 }

/** Sends bodies until SQS has accepted each or the quarantine has it. Only the signal ends the retries. */
export class Delivery {
  readonly #dependencies: DeliveryDependencies
  readonly #clock: Clock
  /** Why the last call of a lane failed. */
  readonly #failures = new Map<Lane, string>()

  constructor(dependencies: DeliveryDependencies) {
    this.#dependencies = dependencies
    this.#clock = dependencies.clock ?? realClock
  }

  /** Returns why SQS did not take the lane's last call; `undefined` if it did. */
  failure(lane: Lane): string | undefined {
    return this.#failures.get(lane)
  }

  /** True once every body is accepted, or refused and kept. False if the signal aborted it: then some bodies may have arrived. */
  async deliver(
    to: Destination,
    bodies: readonly string[],
    signal: AbortSignal,
    onRefused?: OnRefused,
  ): Promise<boolean> {
    const backoff = new Backoff(sendBackoff, this.#clock.random)
    let toSend = [...bodies]
    while (toSend.length > 0) {
      if (signal.aborted) return false
      const call = toSend.slice(0, bodyCountForCall(toSend))
      const rejected = await this.try(to, call, signal, onRefused)
      toSend = [...rejected, ...toSend.slice(call.length)]
      if (rejected.length === 0) backoff.reset()
      else await wait(backoff.nextMs(), signal, this.#clock)
    }
    return true
  }

  /** Makes one SQS call with at most ten bodies; returns the bodies to retry. */
  async try(to: Destination, bodies: readonly string[], signal: AbortSignal, onRefused?: OnRefused): Promise<string[]> {
    let outcomes: SendOutcome[]
    const { sender, durations } = this.#dependencies
    const startMs = durations?.start() ?? 0
    try {
      outcomes = await sender.send(to.queueUrl, bodies, signal)
    } catch (error) {
      if (!(error instanceof QueueUnavailableError)) throw error
      if (error.fault === 'content' && !signal.aborted) return this.#sendOneByOne(to, bodies, error, signal, onRefused)
      this.#failures.set(to.lane, error.message)
      this.#note(to, error.errorId, { fault: error.fault, reason: error.message })
      return [...bodies]
    } finally {
      durations?.end(`send-${to.lane}`, startMs)
    }
    this.#failures.delete(to.lane)
    const left: string[] = []
    for (const [index, body] of bodies.entries()) {
      const outcome = outcomes[index]
      if (outcome?.kind === 'accepted') this.#dependencies.counters.add(`sent-${to.lane}`)
      else if (outcome?.kind !== 'refused' || !(await this.#keep(to, body, outcome.code, onRefused))) left.push(body)
    }
    if (left.length > 0) this.#note(to, 'queue-entry-failed', { entries: left.length, of: bodies.length })
    return left
  }

  /** Used if SQS rejects a whole call for its content: sent alone, only the faulty body is rejected. */
  async #sendOneByOne(
    to: Destination,
    bodies: readonly string[],
    error: QueueUnavailableError,
    signal: AbortSignal,
    onRefused?: OnRefused,
  ) {
    const [only, ...others] = bodies
    if (only !== undefined && others.length === 0) {
      return (await this.#keep(to, only, error.message, onRefused)) ? [] : [only]
    }
    const left: string[] = []
    for (const body of bodies) left.push(...(await this.try(to, [body], signal, onRefused)))
    return left
  }

  /** False if the quarantine cannot be written: the body must be sent again, or it would be lost. */
  async #keep(to: Destination, body: string, code: string, onRefused?: OnRefused): Promise<boolean> {
    try {
      if (onRefused) await onRefused(body)
      else await this.#dependencies.quarantine.put(`body-${to.lane}`, Buffer.from(body))
    } catch (error) {
      this.#note(to, 'quarantine-unwritable', { reason: describeError(error) })
      return false
    }
    this.#note(to, 'body-refused', { code })
    return true
  }

  #note({ lane }: Destination, errorId: CounterId, fields: Record<string, string | number>): void {
    this.#dependencies.counters.add(errorId)
    this.#dependencies.log.warn(errorId, { lane, ...fields })
  }
}
