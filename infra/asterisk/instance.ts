import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import {
  AlreadyRunningError,
  AsteriskStartError,
  errorCode,
  FolderPathTooLongError,
  folderFailure,
  NotRunningError,
} from './errors.ts'
import { takeLock } from './install/lock.ts'
import { asteriskCommand } from './installation.ts'
import { askControlSocket } from './instance/control-socket.ts'
import { checkPortsFree, releasePorts } from './instance/ports.ts'
import { lastWrittenMs, livingOwner, spawnTied } from './instance/process.ts'
import { BRIDGE_USER, READER_USER } from './render/interfaces.ts'
import { type AsteriskPorts, type InstanceLayout, layoutOf } from './render/layout.ts'
import type { Secrets } from './secrets.ts'

export interface InstanceSpec {
  /** The unpacked Asterisk, `AsteriskInstallation.root`. */
  readonly root: string
  /** Absolute path; this Asterisk writes all its files there. */
  readonly folder: string
  /** IPv4 address that SIP listens on. */
  readonly address: string
  readonly ports: AsteriskPorts
  readonly secrets: Secrets
  /** Configuration files: name and text. */
  readonly files: ReadonlyMap<string, string>
  /** Command that runs a program in another network, such as `nsenter --net=FILE`. Whether its ports are free is not checked. */
  readonly network?: readonly string[]
}

/** The path of a Unix socket has at most 107 bytes (unix(7)), of which `/run/asterisk.ctl` takes 17. */
const FOLDER_BYTES_MAX = 90
/** It boots in 0.3 s on an idle core; the limit allows for a machine with two hundred times less time for it. */
const BOOT_MS_MAX = 60_000
const BOOT_LOOK_MS = 10
/** It stops in 0.1 s on an idle core; one that still runs then is killed. */
const STOP_MS_MAX = 15_000
const COMMAND_MS_MAX = 30_000
const CONNECT_AGAIN_MS = 20

/**
 * One Asterisk process in a folder of its own. It ends when this process ends, even if that is killed, and keeps its
 * ports and files over a restart.
 */
export class AsteriskInstance {
  readonly #spec: InstanceSpec
  readonly #layout: InstanceLayout
  #child: ChildProcess | undefined

  constructor(spec: InstanceSpec) {
    this.#spec = spec
    this.#layout = layoutOf(spec.folder)
  }

  /** `http://127.0.0.1:port/ari`, without a slash at the end. */
  get ariUrl(): string {
    return `http://127.0.0.1:${this.#spec.ports.http}/ari`
  }
  readonly ariUser = BRIDGE_USER
  get ariPassword(): string {
    return this.#spec.secrets.ariBridge
  }
  /** An ARI user with read access only. */
  readonly readerUser = READER_USER
  get readerPassword(): string {
    return this.#spec.secrets.ariReader
  }
  readonly amiUser = BRIDGE_USER
  get amiPassword(): string {
    return this.#spec.secrets.amiBridge
  }
  get amiPort(): number {
    return this.#spec.ports.ami
  }
  get sipPort(): number {
    return this.#spec.ports.sip
  }
  /** Root of the unpacked Asterisk. */
  get installationRoot(): string {
    return this.#spec.root
  }
  get configurationFolder(): string {
    return this.#layout.configuration
  }
  /** Folder of ARI's recordings. */
  get recordingFolder(): string {
    return join(this.#layout.spool, 'recording')
  }
  /** IPv4 address that SIP listens on. */
  get address(): string {
    return this.#spec.address
  }
  /** SIP password by endpoint. */
  get phonePasswords(): Readonly<Record<string, string>> {
    return this.#spec.secrets.endpoints
  }
  /** The file of call records, one CSV record for each; it exists from the first start on. */
  get cdrFile(): string {
    return this.#layout.cdrFile
  }
  /** The log file with notices, warnings and errors. */
  get logFile(): string {
    return this.#layout.messages
  }
  /** Process id; undefined while Asterisk does not run. */
  get pid(): number | undefined {
    return this.#running?.pid
  }

  /**
   * Writes the configuration and resolves when Asterisk is fully booted.
   *
   * @throws PortInUseError, AlreadyRunningError, FolderPathTooLongError, FolderNotWritableError, DiskFullError, AsteriskStartError
   */
  async start(): Promise<void> {
    const { folder, ports, address } = this.#spec
    if (Buffer.byteLength(folder) > FOLDER_BYTES_MAX) throw new FolderPathTooLongError(folder, FOLDER_BYTES_MAX)
    try {
      await this.#writeFolder()
    } catch (error) {
      throw folderFailure(error, folder)
    }
    await using _lock = await takeLock(join(folder, 'starting'))
    const holder = await livingOwner(join(this.#layout.run, 'asterisk.pid'), this.#layout.configuration)
    if (holder !== undefined) throw new AlreadyRunningError(folder, holder)
    if (!this.#spec.network) await checkPortsFree(ports, address)
    await this.#nextSecond()
    const child = await this.#spawn()
    this.#child = child
    try {
      await this.#booted(child)
    } catch (error) {
      await this.kill('SIGKILL')
      throw error
    }
  }

  /** Ends all calls and the process. Asterisk writes the records of calls that were live. */
  async stop(): Promise<void> {
    const child = this.#running
    if (!child) return
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
    await this.kill('SIGTERM')
    clearTimeout(timer)
  }

  /** Stops and releases the ports. Do not start it again. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    await releasePorts(this.#spec.ports)
  }

  /** Sends a signal; after SIGKILL or SIGTERM it resolves when the process has ended. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#running
    if (!child) return
    const gone = once(child, 'exit')
    child.kill(signal)
    if (signal === 'SIGKILL' || signal === 'SIGTERM') await gone
  }

  /** Resolves when the current process has ended for any reason; at once if Asterisk does not run. */
  async gone(): Promise<void> {
    const child = this.#running
    if (child) await once(child, 'exit')
  }

  get #running(): ChildProcess | undefined {
    const child = this.#child
    return child && child.exitCode === null && child.signalCode === null ? child : undefined
  }

  /** Runs a console command and returns its output. @throws NotRunningError, ConsoleError */
  async cli(command: string): Promise<string> {
    const deadline = Date.now() + COMMAND_MS_MAX
    for (;;) {
      try {
        return await askControlSocket(this.#layout.controlSocket, command, COMMAND_MS_MAX)
      } catch (error) {
        const code = errorCode(error)
        if (code === 'ENOENT' || code === 'ECONNREFUSED') throw new NotRunningError(this.#spec.folder, error)
        // Two connections may wait until Asterisk accepts them; Linux refuses a third one.
        if (code !== 'EAGAIN' || Date.now() > deadline) throw error
        await delay(CONNECT_AGAIN_MS)
      }
    }
  }

  async #writeFolder(): Promise<void> {
    const { configuration, state, spool, logs, run } = this.#layout
    const folders = [configuration, join(state, 'keys'), spool, join(logs, 'cdr-custom'), join(logs, 'cdr-csv'), run]
    for (const folder of folders) await mkdir(folder, { recursive: true, mode: 0o700 })
    for (const [name, text] of this.#spec.files) await writeFile(join(configuration, name), text, { mode: 0o600 })
    // Asterisk creates the file with its first record. It exists before, so that a reader can tell "no calls yet" from a wrong path.
    await appendFile(this.#layout.cdrFile, '', { mode: 0o600 })
  }

  /**
   * Waits for the next second if a record was written in this one. Asterisk numbers calls from 0 at each start and adds
   * the second of its start, so a restart within one second would repeat a uniqueid and sequence.
   */
  async #nextSecond(): Promise<void> {
    const lastRecordMs = await lastWrittenMs(this.#layout.cdrFile)
    if (Math.floor(lastRecordMs / 1000) === Math.floor(Date.now() / 1000)) await delay(1000 - (Date.now() % 1000))
  }

  async #spawn(): Promise<ChildProcess> {
    const { file, args } = asteriskCommand(this.#spec.root)
    const configuration = join(this.#layout.configuration, 'asterisk.conf')
    return spawnTied([...(this.#spec.network ?? []), file, ...args, '-C', configuration, '-f', '-q'], {
      cwd: this.#spec.folder,
      outputFile: join(this.#layout.logs, 'console.log'),
    })
  }

  async #booted(child: ChildProcess): Promise<void> {
    const deadline = Date.now() + BOOT_MS_MAX
    for (;;) {
      if (!this.#running)
        throw new AsteriskStartError(`it ended with ${child.signalCode ?? child.exitCode}`, this.#layout.logs)
      try {
        if ((await this.cli('core waitfullybooted')).includes('fully booted')) return
      } catch (error) {
        if (!(error instanceof NotRunningError))
          throw new AsteriskStartError('it does not answer', this.#layout.logs, error)
      }
      if (Date.now() > deadline) throw new AsteriskStartError(`not within ${BOOT_MS_MAX} ms`, this.#layout.logs)
      await delay(BOOT_LOOK_MS)
    }
  }
}
