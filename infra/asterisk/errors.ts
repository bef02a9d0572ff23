import { SwitchhookError } from '../../contracts/errors.ts'

/** Disk space for the index of Debian sid (63 MB), apt's cache of it (96 MB), the packages (20 MB) and their contents (80 MB). */
export const NEEDED_MB = 300

export class PlatformUnsupportedError extends SwitchhookError {
  readonly errorId = 'platform-unsupported'
  constructor(what: string) {
    super(
      `Asterisk cannot be installed on this machine (${what}): run npm start -- --replay to use a recording instead.`,
    )
  }
}

export class KeyringMissingError extends SwitchhookError {
  readonly errorId = 'keyring-missing'
  constructor(cause?: unknown) {
    super(
      'The keys of the Debian archive are missing or too old: install or upgrade the package debian-archive-keyring, or run npm start -- --replay.',
      { cause },
    )
  }
}

export class MirrorUnreachableError extends SwitchhookError {
  readonly errorId = 'mirror-unreachable'
  constructor(cause?: unknown) {
    super(
      'No Debian mirror with sid could be reached: give one with npm start -- --mirror URL, or run npm start -- --replay.',
      { cause },
    )
  }
  override shouldRetry() {
    return true
  }
}

export class MirrorInvalidError extends SwitchhookError {
  readonly errorId = 'mirror-invalid'
  constructor() {
    super(
      'The mirror is not an http, https or file URL: give the folder that contains dists/ and pool/, for example --mirror http://HOST/debian.',
    )
  }
}

export class MirrorChangedError extends SwitchhookError {
  readonly errorId = 'mirror-changed'
  constructor(what: string, cause?: unknown) {
    super(
      `The Debian mirror does not match its index (${what}): try again in some minutes, or give another mirror with --mirror URL.`,
      { cause },
    )
  }
  override shouldRetry() {
    return true
  }
}

export class FolderNotWritableError extends SwitchhookError {
  readonly errorId = 'folder-not-writable'
  constructor(folder: string, cause?: unknown) {
    super(`The folder ${folder} cannot be written: make it writable for this user or choose another one.`, { cause })
  }
}

export class DiskFullError extends SwitchhookError {
  readonly errorId = 'disk-full'
  constructor(folder: string, cause?: unknown) {
    super(`There is not enough space for Asterisk in ${folder}: free ${NEEDED_MB} MB there and start again.`, { cause })
  }
}

export class InstallationBusyError extends SwitchhookError {
  readonly errorId = 'installation-busy'
  constructor(folder: string, pid: number) {
    super(`Process ${pid} has been installing Asterisk into ${folder} for too long: end it and start again.`)
  }
  override shouldRetry() {
    return true
  }
}

export class InstallationError extends SwitchhookError {
  readonly errorId = 'install-failed'
  constructor(what: string, cause?: unknown) {
    super(`Asterisk could not be installed (${what}): try again, or run npm start -- --replay.`, { cause })
  }
}

/** One thing that is wrong in `site.yaml`, and where. */
export interface SiteProblem {
  readonly message: string
  readonly place?: { readonly line: number; readonly column: number } | undefined
}

export class SiteInvalidError extends SwitchhookError {
  readonly errorId = 'site-invalid'
  /** What is wrong, in the order of the file. */
  readonly problems: readonly string[]
  /** The same with line and column. */
  readonly places: readonly SiteProblem[]
  constructor(name: string, problems: readonly SiteProblem[]) {
    const sentences = problems.map(({ message, place }) =>
      place ? `${message} (line ${place.line}, column ${place.column})` : message,
    )
    super(`${name} is not a valid site; correct these keys: ${sentences.join('; ')}.`)
    this.places = problems
    this.problems = problems.map(({ message }) => message)
  }
}

export class SiteUnreadableError extends SwitchhookError {
  readonly errorId = 'site-unreadable'
  constructor(file: string, code: string, cause?: unknown) {
    super(`${file} cannot be read (${code}): name a file that describes a site, such as examples/site.yaml.`, { cause })
  }
}

export class SecretsInvalidError extends SwitchhookError {
  readonly errorId = 'secrets-invalid'
  constructor(source: string, what: readonly string[], cause?: unknown) {
    super(
      `${source} has secrets that cannot be used (${what.slice(0, 10).join(', ')}): a password of phones and users has 12 to 128 letters, digits, -, _, . or ~, a PIN 4 to 12 digits, and no password may have a line end. Correct them, or move the file away to get new ones.`,
      { cause },
    )
  }
}

export class SecretsMissingError extends SwitchhookError {
  readonly errorId = 'secrets-missing'
  constructor(file: string, missing: readonly { trunk: string; variable: string }[]) {
    const names = missing.map(({ trunk, variable }) => `${trunk} (${variable})`).join(', ')
    super(
      `The password of a trunk is missing, which the provider gave you: ${names}. Set the environment variable in brackets, or add it below "trunks" in ${file}.`,
    )
  }
}

/** Files of the folder were written or changed by someone else. */
export class FilesKeptByHandError extends SwitchhookError {
  readonly errorId = 'files-kept-by-hand'
  constructor(folder: string, conflicts: readonly string[]) {
    super(
      `Nothing was written to ${folder}: ${conflicts.join('; ')}. Look at --diff first; --blocks adds marked blocks to the files that you keep, --replace replaces them and keeps copies beside.`,
    )
  }
}

export class PortInUseError extends SwitchhookError {
  readonly errorId = 'port-in-use'
  constructor(purpose: string, address: string, port: number) {
    super(`The port ${address}:${port} (${purpose}) is in use: end the program that uses it or choose another port.`)
  }
  override shouldRetry() {
    return true
  }
}

export class AlreadyRunningError extends SwitchhookError {
  readonly errorId = 'already-running'
  constructor(folder: string, pid: number) {
    super(`An Asterisk already runs in ${folder} as process ${pid}: end that process first.`)
  }
}

export class FolderPathTooLongError extends SwitchhookError {
  readonly errorId = 'folder-path-too-long'
  constructor(folder: string, bytesMax: number) {
    super(`The path ${folder} is too long for a Unix socket: use a folder of ${bytesMax} bytes or fewer.`)
  }
}

export class AsteriskStartError extends SwitchhookError {
  readonly errorId = 'asterisk-start-failed'
  constructor(what: string, logFile: string, cause?: unknown) {
    super(`Asterisk did not start (${what}): read its log ${logFile}.`, { cause })
  }
}

export class NotRunningError extends SwitchhookError {
  readonly errorId = 'asterisk-not-running'
  constructor(folder: string, cause?: unknown) {
    super(`No Asterisk answers in ${folder}: start it first.`, { cause })
  }
}

/** One of the test phones could not do what was asked of it. */
export class PhoneError extends SwitchhookError {
  readonly errorId = 'phone-failed'
}

/** Asterisk's console did not answer in time, or answered without end. */
export class ConsoleError extends SwitchhookError {
  readonly errorId = 'asterisk-console-failed'
  override shouldRetry() {
    return true
  }
}

/** A program that this machine lacks; `code` is that of the system's error. */
export class ProgramMissingError extends SwitchhookError {
  readonly errorId = 'program-missing'
  readonly code = 'ENOENT'
  constructor(file: string) {
    super(`The program ${file} is not installed: install it, or run npm start -- --replay.`)
  }
}

/** Returns the `code` of a system error, such as `ENOENT`. */
export function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

const NOT_WRITABLE: ReadonlySet<unknown> = new Set(['EACCES', 'EROFS', 'EPERM', 'ENOTDIR', 'EEXIST'])

/** Converts the error of a failed write into `folder` to one of the errors above; other errors are returned unchanged. */
export function folderFailure(error: unknown, folder: string): unknown {
  const code = errorCode(error)
  if (code === 'ENOSPC' || code === 'EDQUOT') return new DiskFullError(folder, error)
  // Node's recursive mkdir answers ENOENT on a file system that is mounted read-only.
  const isMkdir = error instanceof Error && 'syscall' in error && error.syscall === 'mkdir'
  if (NOT_WRITABLE.has(code) || (isMkdir && code === 'ENOENT')) return new FolderNotWritableError(folder, error)
  return error
}
