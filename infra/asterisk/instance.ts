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
import { checkPortsFree } from './instance/ports.ts'
import { lastWrittenMs, livingOwner, spawnTied } from './instance/process.ts'
import { BRIDGE_USER, READER_USER } from './render/interfaces.ts'
import { type AsteriskPorts, type InstanceLayout, layoutOf } from './render/layout.ts'
import type { Secrets } from './secrets.ts'

export interface InstanceSpec {
  /** The unpacked Asterisk, `AsteriskInstallation.root`. */
  readonly root: string
  /** Absolute; everything this Asterisk writes goes there. */
  readonly folder: string
  /** IPv4 address that SIP listens on. */
  readonly address: string
  readonly ports: AsteriskPorts
  readonly secrets: Secrets
  /** Configuration: file name, text. */
  readonly files: ReadonlyMap<string, string>
}

/** The path of a Unix socket may have 107 bytes (unix(7)), of which `/run/asterisk.ctl` takes 17. */
const FOLDER_BYTES_MAX = 90
/** It boots in 0.3 s on an idle core; a machine a hundred times slower is in trouble. */
const BOOT_MS_MAX = 30_000
const BOOT_LOOK_MS = 10
/** It stops in 0.1 s; one that still runs then is killed. */
const STOP_MS_MAX = 5_000
const COMMAND_MS_MAX = 10_000

/**
 * One Asterisk process in a folder of its own. It is told to end when this process dies, however it dies, and it keeps
 * its ports and files from one start to the next.
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
  /** An ARI user that may only look. */
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
  /** The unpacked Asterisk that runs here. */
  get installationRoot(): string {
    return this.#spec.root
  }
  get configurationFolder(): string {
    return this.#layout.configuration
  }
  /** Where ARI puts what it records. */
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
  /** The call records, one JSON object a line; there from the first start. */
  get cdrFile(): string {
    return this.#layout.cdrFile
  }
  /** Notices, warnings and errors. */
  get logFile(): string {
    return this.#layout.messages
  }
  /** Undefined while it does not run. */
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
    await checkPortsFree(ports, address)
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

  /** Ends calls and process. Records of the calls that were live are written. */
  async stop(): Promise<void> {
    const child = this.#running
    if (!child) return
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
    await this.kill('SIGTERM')
    clearTimeout(timer)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  /** Sends a signal; resolves once the process is gone if the signal is one that ends it. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#running
    if (!child) return
    const gone = once(child, 'exit')
    child.kill(signal)
    if (signal === 'SIGKILL' || signal === 'SIGTERM') await gone
  }

  /** Resolves once the process that runs now is gone, whoever ended it; at once if none runs. */
  async gone(): Promise<void> {
    const child = this.#running
    if (child) await once(child, 'exit')
  }

  get #running(): ChildProcess | undefined {
    const child = this.#child
    return child && child.exitCode === null && child.signalCode === null ? child : undefined
  }

  /** Runs a command of the console and returns what it prints. @throws NotRunningError */
  async cli(command: string): Promise<string> {
    try {
      return await askControlSocket(this.#layout.controlSocket, command, COMMAND_MS_MAX)
    } catch (error) {
      const code = errorCode(error)
      if (code === 'ENOENT' || code === 'ECONNREFUSED') throw new NotRunningError(this.#spec.folder, error)
      throw error
    }
  }

  async #writeFolder(): Promise<void> {
    const { configuration, state, spool, logs, run } = this.#layout
    const folders = [configuration, join(state, 'keys'), spool, join(logs, 'cdr-custom'), join(logs, 'cdr-csv'), run]
    for (const folder of folders) await mkdir(folder, { recursive: true, mode: 0o700 })
    for (const [name, text] of this.#spec.files) await writeFile(join(configuration, name), text, { mode: 0o600 })
    // Asterisk makes the file with its first record; a reader wants to find it before, to tell "no call yet" from "wrong".
    await appendFile(this.#layout.cdrFile, '', { mode: 0o600 })
  }

  /**
   * Asterisk counts calls from 0 at each start and tells them apart by the second, so that a restart within one second
   * would give two calls the same uniqueid and sequence. A second that already has a record is waited out.
   */
  async #nextSecond(): Promise<void> {
    const lastRecordMs = await lastWrittenMs(this.#layout.cdrFile)
    if (Math.floor(lastRecordMs / 1000) === Math.floor(Date.now() / 1000)) await delay(1000 - (Date.now() % 1000))
  }

  async #spawn(): Promise<ChildProcess> {
    const { file, args } = asteriskCommand(this.#spec.root)
    const configuration = join(this.#layout.configuration, 'asterisk.conf')
    return spawnTied([file, ...args, '-C', configuration, '-f', '-q'], {
      cwd: this.#spec.folder,
      wordsFile: join(this.#layout.logs, 'console.log'),
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
