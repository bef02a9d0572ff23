import { type ChildProcess, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The bundle, which starts three times faster than the sources; `test/prepare.ts` builds it. */
const bundle = join(import.meta.dirname, '../../dist/bridge/switchhook-bridge.mjs')

/** A bridge as a process, started as an operator does. */
export class BridgeProcess implements AsyncDisposable {
  readonly #child: ChildProcess
  stdout = ''
  stderr = ''
  readonly ended: Promise<{ status: number | null; signal: string | null }>

  constructor(
    configFile: string,
    {
      env,
      program = bundle,
      ...options
    }: { env?: Record<string, string> | undefined; program?: string | undefined; uid?: number; gid?: number } = {},
  ) {
    this.#child = spawn(process.execPath, [program, '--config', configFile], {
      ...options,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child.stdout?.on('data', (data: Buffer) => {
      this.stdout += data.toString()
    })
    this.#child.stderr?.on('data', (data: Buffer) => {
      this.stderr += data.toString()
    })
    this.ended = new Promise((resolve) => this.#child.on('close', (status, signal) => resolve({ status, signal })))
  }

  /** Closes the reading end of the log. */
  leaveLog(): void {
    this.#child.stdout?.destroy()
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Resolves once the log has the event, or the process has ended. */
  async logged(event: string): Promise<void> {
    const found = Promise.withResolvers<void>()
    const look = () => {
      if (this.stdout.includes(`"event":"${event}"`)) found.resolve()
    }
    this.#child.stdout?.on('data', look)
    look()
    await Promise.race([found.promise, this.ended])
    this.#child.stdout?.off('data', look)
  }

  /** Resident memory in MB, as the kernel reports it. */
  async residentMb(): Promise<number> {
    const status = await readFile(`/proc/${this.#child.pid}/status`, 'utf8')
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill('SIGKILL')
    await this.ended
  }
}
