import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { messageOf } from '../errors.ts'
import { FunctionProcess, type ProcessSettings } from './function-process.ts'
import type { Outcome } from './outcome.ts'

/** Invocations that wait for a process of one function; further ones are rejected like a throttled invocation on AWS. */
const waitingMax = 1000

/** Processes of one function that start at the same time; more would slow each other on a machine with few cores. */
const startingMax = 4

export interface PoolLimits {
  /** Concurrent processes of one function; each takes 50 to 60 MB. */
  processesPerFunction: number
  /** A process that is idle for this long is ended, as AWS ends an idle execution environment. */
  idleMsMax: number
  /** Multiplies Lambda's time limits of init and invocation; tests on a machine with busy cores need more time than AWS. */
  timeoutScale: number
}

interface Waiting {
  requestId: string
  payload: string
  settle: (outcome: Outcome) => void
}

/** The execution environments of one function. They start on demand, and each runs one invocation at a time. */
export class FunctionPool {
  readonly #settings: Omit<ProcessSettings, 'temporaryFolder'>
  readonly #temporaryFolder: string
  readonly #limits: PoolLimits
  readonly #idle: { process: FunctionProcess; timer: NodeJS.Timeout }[] = []
  readonly #waiting: Waiting[] = []
  readonly #all = new Set<FunctionProcess>()
  readonly #ending = new Set<Promise<void>>()
  /** Processes that have started and do not wait for an event yet. */
  #starting = 0
  #stopped = false

  constructor(settings: Omit<ProcessSettings, 'temporaryFolder'>, temporaryFolder: string, limits: PoolLimits) {
    this.#settings = settings
    this.#temporaryFolder = temporaryFolder
    this.#limits = limits
  }

  /** Invokes the function with a JSON payload and returns the outcome. */
  invoke(payload: string): Promise<Outcome & { requestId: string }> {
    const requestId = randomUUID()
    return new Promise((resolve) => {
      const settle = (outcome: Outcome) => resolve({ ...outcome, requestId })
      if (this.#stopped || this.#waiting.length >= waitingMax) return settle(throttled)
      this.#waiting.push({ requestId, payload, settle })
      this.#work()
    })
  }

  /** Ends all processes and waits for their exit; running invocations fail. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const { settle } of this.#waiting.splice(0)) settle(throttled)
    await Promise.all([...this.#all].map((process) => process.kill()))
    await Promise.all(this.#ending)
  }

  #work(): void {
    while (this.#waiting.length > 0) {
      // The process that was used last has the warmest caches.
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
    const markStarted = () => {
      if (!started) this.#starting--
      started = true
    }
    const settings = { ...this.#settings, temporaryFolder: join(this.#temporaryFolder, randomUUID()) }
    const onIdle = () => {
      markStarted()
      const timer = setTimeout(() => process.kill(), this.#limits.idleMsMax)
      timer.unref()
      this.#idle.push({ process, timer })
      this.#work()
    }
    const onExit = () => {
      markStarted()
      this.#all.delete(process)
      const index = this.#idle.findIndex((entry) => entry.process === process)
      for (const { timer } of index < 0 ? [] : this.#idle.splice(index, 1)) clearTimeout(timer)
      // A failed init fails one waiting invocation; the next invocation starts another process.
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
