import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { bridgeNodeFlags } from '../build/bridge.ts'
import type { LocalCloud } from '../local/local-cloud.ts'
import type { PbxSource } from './pbx-source.ts'
import { StartError } from './start-error.ts'

export interface BridgeOptions {
  /** Path of the bundled bridge. */
  program: string
  /** Folder of its configuration, log and state. */
  folder: string
  /** Returns an enrolment code. Called only when the bridge is enrolled, because a code expires within an hour. */
  newCode(): Promise<string>
  pbx: Pick<PbxSource, 'ari' | 'ami' | 'cdrFile'>
  cloud: Pick<LocalCloud, 'httpUrl' | 'endpoints'>
  /** API key with which voice menus look up marks; without it the bridge has no menus. */
  menuKey?: string | undefined
  /** Port of `/healthz`; without it the bridge does not serve it. */
  healthPort?: number | undefined
}

/** The bridge takes up to 5 s to stop after SIGTERM. */
const stopMsMax = 8_000
const readyMsMax = 60_000
const endWithParent = new URL('./end-with-parent.mjs', import.meta.url).href

/** Runs the bridge as a process of its own with the credentials of its role, as it runs beside a PBX. */
export class BridgeProcess {
  readonly #options: BridgeOptions
  #child: ChildProcess | undefined
  #stderr = ''
  readonly #failed = Promise.withResolvers<never>()
  #stopping = false
  /** Rejects if the bridge ends without stop() or kill(). */
  readonly failed: Promise<never> = this.#failed.promise
  constructor(options: BridgeOptions) {
    this.#options = options
    this.failed.catch(() => undefined)
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Whether the process runs. */
  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Resolves when the bridge has published the PBX's current state; rejects with the bridge's error if it ends. */
  async start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    const { folder, program, cloud } = this.#options
    const configFile = await this.#writeConfig()
    const child = spawn(
      process.execPath,
      [...bridgeNodeFlags, '--import', endWithParent, program, '--config', configFile],
      {
        cwd: folder,
        // Ctrl-C signals every process of the terminal's group; a detached bridge is stopped by stop() instead.
        detached: true,
        // The fourth is the pipe by which it notices that this process has ended.
        stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
        // No credentials: the bridge requests its own with its signing key.
        env: { AWS_ENDPOINT_URL_SQS: cloud.endpoints.sqs, ...env },
      },
    )
    this.#child = child
    this.#stopping = false
    child.once('close', (status) => {
      if (!this.#stopping) this.#failed.reject(this.#failure(`it ended with status ${status}`))
    })
    const log = createWriteStream(path.join(folder, 'bridge.log'), { flags: 'a', mode: 0o600 })
    child.stdout?.pipe(log)
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString('utf8')).slice(-2_000)
      log.write(chunk)
    })
    await this.#ready(child, child.stdout)
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM')
  }

  /** Kills the process, like a power cut. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    this.#stopping = true
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const closed = once(child, 'close')
    child.kill(signal)
    const hard = setTimeout(() => child.kill('SIGKILL'), stopMsMax)
    await closed
    clearTimeout(hard)
  }

  /** Waits for the log line `epoch begun`, which the bridge writes when its first resynchronisation is durable. */
  async #ready(child: ChildProcess, out: Readable | null): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const timer = setTimeout(() => reject(this.#failure('it was not ready within 60 s')), readyMsMax)
    out?.on('data', (chunk: Buffer) => {
      if (chunk.includes('"event":"epoch begun"')) resolve()
    })
    child.once('error', reject)
    child.once('close', (status) => reject(this.#failure(`it ended with status ${status}`)))
    try {
      await promise
    } finally {
      clearTimeout(timer)
    }
  }

  #failure(what: string): StartError {
    const sentence = this.#stderr.trim().split('\n').at(-1)
    const log = path.join(this.#options.folder, 'bridge.log')
    return new StartError('bridge-failed', `The bridge does not run: ${sentence || `${what}; see ${log}.`}`, 69)
  }

  /** Runs the bridge's command `enroll`, unless an earlier start did; returns the file that it writes. */
  async #enroll(): Promise<string> {
    const { folder, program, newCode, cloud } = this.#options
    const file = path.join(folder, 'enrolment.json')
    if (existsSync(file)) return file
    const args = [program, 'enroll', await newCode(), '--api', cloud.httpUrl, '--folder', folder]
    try {
      await promisify(execFile)(process.execPath, args, { timeout: readyMsMax })
    } catch (cause) {
      const stderr = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : ''
      throw new StartError('bridge-not-enrolled', `The bridge was not enrolled: ${stderr}`, 69, { cause })
    }
    return file
  }

  async #writeConfig(): Promise<string> {
    const { folder, pbx, menuKey, healthPort } = this.#options
    const config = {
      enrolment: await this.#enroll(),
      stateFolder: path.join(folder, 'state'),
      ari: pbx.ari,
      ...(pbx.ami && { ami: pbx.ami }),
      cdr: { file: pbx.cdrFile },
      ...(menuKey !== undefined && { menus: { key: menuKey } }),
      ...(healthPort !== undefined && { health: { port: healthPort } }),
    }
    const file = path.join(folder, 'bridge.json')
    await writeFile(file, JSON.stringify(config, null, 2), { mode: 0o600 })
    return file
  }
}
