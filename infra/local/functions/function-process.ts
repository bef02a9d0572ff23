import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, constants, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { codeOf, messageOf } from '../errors.ts'
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
  /** Multiplies Lambda's 10 s for the init phase. */
  timeoutScale: number
  memoryMb: number
  taskRoot: string
  /** Folder in which Node keeps the compiled code of functions for the next process. */
  compileCache: string
  environment: Readonly<Record<string, string>>
  temporaryFolder: string
  /** Path of `setpriv`; without it a process is never frozen. */
  setpriv: string | undefined
  onLine: (line: string) => void
}

/** An execution environment of Lambda: a process that runs one invocation at a time and is frozen between invocations. */
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

  /** Resolves when the process has exited and its temporary folder is removed. */
  get ended(): Promise<void> {
    return this.#gone.promise
  }
  /** The error of a failed init, which is the answer to the invocation that waited for it. */
  get initError(): string | undefined {
    return this.#initError
  }

  async start(): Promise<void> {
    const { setpriv, environment, memoryMb, taskRoot, compileCache, temporaryFolder } = this.#settings
    await mkdir(temporaryFolder, { recursive: true })
    this.#api = await serveRuntimeApi({
      waits: (deliver) => this.#becomesIdle(deliver),
      answers: (requestId, payload) => this.#settle(requestId, { payload }),
      fails: (requestId, payload) => this.#settle(requestId, { payload, functionError: 'Unhandled' }),
      failsInit: (error) => this.#end(error),
    })
    // Lambda also leaves a tenth of the memory for data outside V8's heap.
    const node = [
      process.execPath,
      `--max-old-space-size=${Math.floor(memoryMb * 0.9)}`,
      '--import',
      preload,
      runtimeClient,
    ]
    const [command = '', ...args] = setpriv ? [setpriv, '--pdeathsig', 'KILL', ...node] : node
    const child = spawn(command, args, {
      cwd: taskRoot,
      env: {
        ...environment,
        TMPDIR: temporaryFolder,
        AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${this.#api.port}`,
        NODE_COMPILE_CACHE: compileCache,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      // Leave the terminal's process group: Ctrl-C stops the local cloud, which first lets running invocations end.
      detached: true,
    })
    this.#child = child
    for (const output of [child.stdout, child.stderr])
      createInterface({ input: output }).on('line', this.#settings.onLine)
    child.once('error', (error) => this.#end(exitError(error.message)))
    child.once('exit', (code, signal) => this.#end(exitError(signal ? `signal: ${signal}` : `exit status ${code}`)))
    this.#initTimer = setTimeout(() => this.#end(initTimedOut), initMsMax * this.#settings.timeoutScale)
  }

  /** Runs one invocation with a JSON payload. Resolves also if the function fails, times out or exits. */
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

  /** Kills the process, frozen or not; resolves when it has exited and its temporary folder is removed. */
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
    // Freeze when the runtime asks for the next event: as on AWS, work that is left from the last one stops here.
    if (this.#settings.setpriv) this.#child?.kill('SIGSTOP')
    this.#onIdle()
  }

  #settle(requestId: string, outcome: Outcome): void {
    // Ignore an answer after the time-out. The timer runs until the runtime asks for the next event.
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
    // A process that failed to spawn has no id and emits no exit.
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

/**
 * Returns the path of `setpriv` (util-linux, part of every Debian), with which Linux kills a function's process when the local
 * cloud ends, however it ends; a frozen process could not notice it. Returns undefined if this machine has none.
 */
export async function findSetpriv(): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined
  for (const folder of ['/usr/bin', '/bin', '/usr/sbin']) {
    const path = join(folder, 'setpriv')
    try {
      await access(path, constants.X_OK)
      return path
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'EACCES') throw error
    }
  }
  return undefined
}
