import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  DiskFullError,
  InstallationError,
  KeyringMissingError,
  MirrorChangedError,
  MirrorUnreachableError,
} from '../errors.ts'
import type { AptEntry } from './apt-sources.ts'
import { type ListedPackage, parsePrintUris } from './closure.ts'
import { type CommandResult, runCommand } from './command.ts'

/** The index of sid has 11 MB and the packages 20 MB, which take 250 s at 1 Mbit/s. Slower mirrors are not usable. */
const DOWNLOAD_MS_MAX = 300_000
const RESOLVE_MS_MAX = 60_000

/** A release of a distribution, as a sources file names it. */
export interface Series {
  readonly suite: string
  readonly components: readonly string[]
}

/** Where the project's own Asterisk comes from. */
const sid: Series = { suite: 'sid', components: ['main'] }

/**
 * An apt with its own configuration in a private folder (apt.conf(5)): its own sources, an empty list of installed packages, no
 * root. It uses only the proxy and the archive log-ins of the machine's apt.
 */
export class PrivateApt {
  private readonly folder: string
  private readonly signal: AbortSignal | undefined

  constructor(folder: string, signal?: AbortSignal) {
    this.folder = folder
    this.signal = signal
  }

  /** Writes the configuration; does not contact the mirror. */
  async prepare(mirror: Pick<AptEntry, 'uri'>, keyring: string, { suite, components } = sid): Promise<void> {
    for (const part of ['state/lists/partial', 'cache/archives/partial', 'sources', 'none', 'packages'])
      await mkdir(join(this.folder, part), { recursive: true })
    await writeFile(join(this.folder, 'status'), '')
    await writeFile(
      join(this.folder, 'sources', 'mirror.sources'),
      [
        'Types: deb',
        `URIs: ${mirror.uri}`,
        `Suites: ${suite}`,
        `Components: ${components.join(' ')}`,
        `Signed-By: ${keyring}`,
        '',
      ].join('\n'),
    )
    // Mode 0600: the address of a proxy can contain a password.
    await writeFile(join(this.folder, 'apt.conf'), configuration(this.folder, await this.machineProxies()), {
      mode: 0o600,
    })
  }

  /** Downloads the index of the release. @throws MirrorUnreachableError, KeyringMissingError, DiskFullError */
  async update(): Promise<void> {
    const result = await this.apt(['apt-get', '-q', 'update'], DOWNLOAD_MS_MAX)
    if (/NO_PUBKEY|EXPKEYSIG|not signed|Missing key|verification failed/i.test(result.stderr))
      throw new KeyringMissingError(lastWords(result))
    this.throwIfDiskFull(result)
    if (result.code !== 0 || /^W: Failed to fetch/m.test(result.stderr))
      throw new MirrorUnreachableError(lastWords(result))
  }

  /** Returns the packages `names` and all packages that they depend on. @throws MirrorChangedError */
  async closure(names: readonly string[]): Promise<ListedPackage[]> {
    const result = await this.apt(['apt-get', '-qq', '--print-uris', 'install', ...names], RESOLVE_MS_MAX)
    this.throwIfDiskFull(result)
    const listed = parsePrintUris(result.stdout)
    if (result.code !== 0 || listed.length === 0)
      throw new MirrorChangedError('a package of Asterisk is missing', lastWords(result))
    return listed
  }

  /** Downloads packages, checks them against the signed index and returns their folder. @throws MirrorChangedError */
  async download(names: readonly string[]): Promise<string> {
    const packages = join(this.folder, 'packages')
    const result = await this.apt(['apt-get', '-q', 'download', ...names], DOWNLOAD_MS_MAX, packages)
    this.throwIfDiskFull(result)
    if (/404|Hash Sum mismatch|unexpected size|Unable to locate|Can't find a source/i.test(result.stderr))
      throw new MirrorChangedError('a package is missing or has another hash', lastWords(result))
    if (result.code !== 0) throw new MirrorUnreachableError(lastWords(result))
    return packages
  }

  /** Returns the machine's `Acquire::http`, `https` and `ftp` settings as configuration lines. */
  private async machineProxies(): Promise<string> {
    const dump = await runCommand('apt-config', ['dump'], { timeoutMs: RESOLVE_MS_MAX, signal: this.signal })
    if (dump.code !== 0) throw new InstallationError('apt-config does not work', lastWords(dump))
    return dump.stdout
      .split('\n')
      .filter((line) => /^Acquire::(http|https|ftp)::/.test(line))
      .join('\n')
  }

  private apt(command: readonly [string, ...string[]], timeoutMs: number, cwd = this.folder): Promise<CommandResult> {
    const [file, ...args] = command
    const variables = { APT_CONFIG: join(this.folder, 'apt.conf') }
    return runCommand(file, args, { cwd, variables, timeoutMs, signal: this.signal })
  }

  private throwIfDiskFull(result: CommandResult): void {
    if (/No space left|don't have enough free space/i.test(result.stderr))
      throw new DiskFullError(this.folder, lastWords(result))
  }
}

function configuration(folder: string, machineProxies: string): string {
  const path = (part: string) => `"${join(folder, part)}"`
  return `${machineProxies}
Dir::Etc::main "/dev/null";
Dir::Etc::parts ${path('none')};
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts ${path('sources')};
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts ${path('none')};
Dir::State ${path('state')};
Dir::State::status ${path('status')};
Dir::Cache ${path('cache')};
Dir::Log ${path('none')};
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
APT::Sandbox::User "";
APT::Install-Recommends "false";
APT::Update::Error-Mode "any";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
Acquire::PDiffs "false";
Acquire::Retries "2";
Acquire::http::Timeout "15";
Acquire::https::Timeout "15";
Debug::NoLocking "true";
`
}

function lastWords(result: CommandResult): string {
  return result.stderr.trim().split('\n').slice(-5).join('\n')
}
