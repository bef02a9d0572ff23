import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { messageOf } from '../errors.ts'
import { FunctionProcess, type ProcessSettings } from './function-process.ts'
import type { Outcome } from './outcome.ts'

/** Invocations that wait for a process of one function; one more is refused, as a throttled invocation is on AWS. */
const waitingMax = 1000

/** Processes of one function that start at once: more would only slow each other on a machine of few cores. */
const startingMax = 4

export interface PoolLimits {
  /** Processes of one function at once, 50 to 60 MB each. */
  processesPerFunction: number
  /** A process without work for so long is ended, as AWS ends an idle environment after some minutes. */
  idleMsMax: number
}

interface Waiting {
  requestId: string
  payload: string
  settle: (outcome: Outcome) => void
}

/** All execution environments of one function: started when wanted, each running one invocation at a time. */
export class FunctionPool {
  readonly #settings: Omit<ProcessSettings, 'temporaryFolder'>
  readonly #temporaryFolder: string
  readonly #limits: PoolLimits
  readonly #idle: { process: FunctionProcess; timer: NodeJS.Timeout }[] = []
  readonly #waiting: Waiting[] = []
  readonly #all = new Set<FunctionProcess>()
  readonly #ending = new Set<Promise<void>>()
  /** Started but not yet waiting for an event. */
  #starting = 0
  #stopped = false

  constructor(settings: Omit<ProcessSettings, 'temporaryFolder'>, temporaryFolder: string, limits: PoolLimits) {
    this.#settings = settings
    this.#temporaryFolder = temporaryFolder
    this.#limits = limits
  }

  /** Invokes the function and waits for its outcome. `payload` is JSON. */
  invoke(payload: string): Promise<Outcome & { requestId: string }> {
    const requestId = randomUUID()
    return new Promise((resolve) => {
      const settle = (outcome: Outcome) => resolve({ ...outcome, requestId })
      if (this.#stopped || this.#waiting.length >= waitingMax) return settle(throttled)
      this.#waiting.push({ requestId, payload, settle })
      this.#work()
    })
  }

  /** Ends all processes and waits until they are gone; what still runs fails. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const { settle } of this.#waiting.splice(0)) settle(throttled)
    await Promise.all([...this.#all].map((process) => process.kill()))
    await Promise.all(this.#ending)
  }

  #work(): void {
    while (this.#waiting.length > 0) {
      // The one used last is the warmest.
      const next = this.#idle.pop()
      if (!next) break
      clearTimeout(next.timer)
      const waiting = this.#waiting.shift()
      if (waiting) next.process.invoke(waiting.requestId, waiting.payload).then(waiting.settle)
    }
    const wanted = Math.min(this.#waiting.length, startingMax)
    while (this.#starting < wanted && this.#all.size < this.#limits.processesPerFunction) this.#start()
  }

  #start(): void {
    let started = false
    const begun = () => {
      if (!started) this.#starting--
      started = true
    }
    const settings = { ...this.#settings, temporaryFolder: join(this.#temporaryFolder, randomUUID()) }
    const onIdle = () => {
      begun()
      const timer = setTimeout(() => process.kill(), this.#limits.idleMsMax)
      timer.unref()
      this.#idle.push({ process, timer })
      this.#work()
    }
    const onExit = () => {
      begun()
      this.#all.delete(process)
      const index = this.#idle.findIndex((entry) => entry.process === process)
      for (const { timer } of index < 0 ? [] : this.#idle.splice(index, 1)) clearTimeout(timer)
      // An init that fails answers one waiting invocation; the next one starts anew.
      const error = process.initError
      if (error !== undefined) this.#waiting.shift()?.settle({ payload: error, functionError: 'Unhandled' })
      if (!this.#stopped) this.#work()
    }
    const process = new FunctionProcess(settings, onIdle, onExit)
    this.#all.add(process)
    this.#starting++
    this.#ending.add(process.ended)
    process.ended.finally(() => this.#ending.delete(process.ended))
    process.start().catch((error: unknown) => {
      this.#settings.onLine(`The process could not be started: ${messageOf(error)}`)
      return process.kill()
    })
  }
}

const throttled: Outcome = {
  payload: JSON.stringify({ errorType: 'TooManyRequestsException', errorMessage: 'Rate Exceeded.' }),
  functionError: 'Unhandled',
}
