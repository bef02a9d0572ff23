import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { messageOf } from '../errors.ts'
import type { LoopbackServer } from '../loopback-server.ts'
import type { Outcome } from './outcome.ts'
import { serveRuntimeApi } from './runtime-api.ts'

/** "Lambda execution environment lifecycle": the init phase is limited to 10 seconds. */
const initMsMax = 10_000

const preload = new URL('./runtime/preload.mjs', import.meta.url).href
const runtimeClient = fileURLToPath(import.meta.resolve('aws-lambda-ric'))

export interface ProcessSettings {
  arn: string
  timeoutMs: number
  memoryMb: number
  taskRoot: string
  environment: Readonly<Record<string, string>>
  temporaryFolder: string
  /** `setpriv`, by which the kernel ends a process with its parent; without it a process is never frozen. */
  guard: string | undefined
  onLine: (line: string) => void
}

/** One execution environment: one process that runs one invocation at a time and is frozen in between. */
export class FunctionProcess {
  readonly #settings: ProcessSettings
  readonly #onIdle: () => void
  readonly #onExit: () => void
  #child: ChildProcess | undefined
  #api: LoopbackServer | undefined
  #deliver: ((headers: Record<string, string>, payload: string) => void) | undefined
  #running: { requestId: string; settle: (outcome: Outcome) => void; timer: NodeJS.Timeout } | undefined
  #initError: string | undefined
  #initTimer: NodeJS.Timeout | undefined
  #dead = false
  readonly #gone = Promise.withResolvers<void>()

  constructor(settings: ProcessSettings, onIdle: () => void, onExit: () => void) {
    this.#settings = settings
    this.#onIdle = onIdle
    this.#onExit = onExit
  }

  /** Resolves when the process is gone and nothing of it is left. */
  get ended(): Promise<void> {
    return this.#gone.promise
  }
  /** The error of an init that failed, for the invocation that waited for it. */
  get initError(): string | undefined {
    return this.#initError
  }

  async start(): Promise<void> {
    const { guard, environment, memoryMb, taskRoot, temporaryFolder } = this.#settings
    await mkdir(temporaryFolder, { recursive: true })
    this.#api = await serveRuntimeApi({
      waits: (deliver) => this.#becomesIdle(deliver),
      answers: (requestId, payload) => this.#settle(requestId, { payload }),
      fails: (requestId, payload) => this.#settle(requestId, { payload, functionError: 'Unhandled' }),
      failsInit: (error) => this.#end(error),
    })
    // A tenth of the memory is for what is outside V8's heap, as in Lambda's own start of Node.
    const node = [
      process.execPath,
      `--max-old-space-size=${Math.floor(memoryMb * 0.9)}`,
      '--import',
      preload,
      runtimeClient,
    ]
    const [command = '', ...args] = guard ? [guard, '--pdeathsig', 'KILL', ...node] : node
    const child = spawn(command, args, {
      cwd: taskRoot,
      env: { ...environment, TMPDIR: temporaryFolder, AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${this.#api.port}` },
      stdio: ['ignore', 'pipe', 'pipe'],
      // Out of the terminal's process group: Ctrl-C is for the runner, which lets running invocations end.
      detached: true,
    })
    this.#child = child
    for (const output of [child.stdout, child.stderr])
      createInterface({ input: output }).on('line', this.#settings.onLine)
    child.once('error', (error) => this.#end(exitError(error.message)))
    child.once('exit', (code, signal) => this.#end(exitError(signal ? `signal: ${signal}` : `exit status ${code}`)))
    this.#initTimer = setTimeout(() => this.#end(initTimedOut), initMsMax)
  }

  /** Runs one invocation; `payload` is JSON. Resolves also when the function fails, times out or dies. */
  invoke(requestId: string, payload: string): Promise<Outcome> {
    const { arn, timeoutMs } = this.#settings
    return new Promise((settle) => {
      const deliver = this.#deliver
      this.#deliver = undefined
      const timer = setTimeout(() => this.#timeOut(requestId), timeoutMs)
      this.#running = { requestId, settle, timer }
      this.#child?.kill('SIGCONT')
      deliver?.(
        {
          'lambda-runtime-aws-request-id': requestId,
          'lambda-runtime-deadline-ms': String(Date.now() + timeoutMs),
          'lambda-runtime-invoked-function-arn': arn,
          'lambda-runtime-trace-id': `Root=1-${Math.floor(Date.now() / 1000).toString(16)}-${requestId.replaceAll('-', '').slice(0, 24)};Sampled=0`,
        },
        payload,
      )
    })
  }

  /** Ends the process at once, frozen or not; resolves when it is gone and its folder removed. */
  kill(): Promise<void> {
    this.#end(exitError('shutdown'))
    return this.ended
  }

  #becomesIdle(deliver: (headers: Record<string, string>, payload: string) => void): void {
    if (this.#dead) return
    clearTimeout(this.#initTimer)
    clearTimeout(this.#running?.timer)
    this.#running = undefined
    this.#deliver = deliver
    // Frozen only now, when the runtime asks for the next event: as on AWS, what is left of the last one stops here.
    if (this.#settings.guard) this.#child?.kill('SIGSTOP')
    this.#onIdle()
  }

  #settle(requestId: string, outcome: Outcome): void {
    // An answer after the time-out belongs to nobody any more. The timer goes on until the runtime asks for the next event.
    if (this.#running?.requestId === requestId) this.#running.settle(outcome)
  }

  #timeOut(requestId: string): void {
    const errorMessage = `RequestId: ${requestId} Error: Task timed out after ${(this.#settings.timeoutMs / 1000).toFixed(2)} seconds`
    this.#end(JSON.stringify({ errorType: 'Sandbox.Timedout', errorMessage }))
  }

  #end(error: string): void {
    if (this.#dead) return
    this.#dead = true
    clearTimeout(this.#initTimer)
    clearTimeout(this.#running?.timer)
    this.#child?.kill('SIGKILL')
    if (this.#running) {
      const { requestId, settle } = this.#running
      settle({ payload: error.replace('RequestId: -', `RequestId: ${requestId}`), functionError: 'Unhandled' })
    } else if (this.#deliver === undefined) this.#initError = error
    this.#running = undefined
    this.#deliver = undefined
    this.#clear().then(this.#gone.resolve, (cause: unknown) => {
      this.#settings.onLine(`The folder ${this.#settings.temporaryFolder} could not be removed: ${messageOf(cause)}`)
      this.#gone.resolve()
    })
    this.#onExit()
  }

  async #clear(): Promise<void> {
    const child = this.#child
    // A process that could not be spawned has no id and never exits.
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    await Promise.all([this.#api?.stop(), rm(this.#settings.temporaryFolder, { recursive: true, force: true })])
  }
}

const exitError = (how: string) =>
  JSON.stringify({
    errorType: 'Runtime.ExitError',
    errorMessage: `RequestId: - Error: Runtime exited with error: ${how}`,
  })
const initTimedOut = JSON.stringify({
  errorType: 'Sandbox.Timedout',
  errorMessage: `RequestId: - Error: Init phase timed out after ${initMsMax / 1000} seconds`,
})
