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

/** An index of sid is 11 MB, the packages 20 MB: at 1 Mbit/s they take 250 s. A mirror slower than that is no help. */
const DOWNLOAD_MS_MAX = 300_000
const RESOLVE_MS_MAX = 60_000

/**
 * An apt of its own, in a private folder, as apt.conf(5) allows: its own sources, an empty list of installed packages,
 * no root. It shares the machine's proxy and archive log-ins with the machine's apt, and nothing else.
 */
export class PrivateApt {
  private readonly folder: string
  private readonly signal: AbortSignal | undefined

  constructor(folder: string, signal?: AbortSignal) {
    this.folder = folder
    this.signal = signal
  }

  /** Writes the configuration. The mirror is not asked yet. */
  async prepare(mirror: AptEntry, keyring: string): Promise<void> {
    for (const part of ['state/lists/partial', 'cache/archives/partial', 'sources', 'none', 'packages'])
      await mkdir(join(this.folder, part), { recursive: true })
    await writeFile(join(this.folder, 'status'), '')
    await writeFile(
      join(this.folder, 'sources', 'sid.sources'),
      [`Types: deb`, `URIs: ${mirror.uri}`, 'Suites: sid', 'Components: main', `Signed-By: ${keyring}`, ''].join('\n'),
    )
    // 0600: a proxy's address can hold a password.
    await writeFile(join(this.folder, 'apt.conf'), configuration(this.folder, await this.machineProxies()), {
      mode: 0o600,
    })
  }

  /** Downloads the index of sid. @throws MirrorUnreachableError, KeyringMissingError, DiskFullError */
  async update(): Promise<void> {
    const result = await this.apt(['apt-get', '-q', 'update'], DOWNLOAD_MS_MAX)
    if (/NO_PUBKEY|EXPKEYSIG|not signed|Missing key|verification failed/i.test(result.stderr))
      throw new KeyringMissingError(lastWords(result))
    this.throwIfDiskFull(result)
    if (result.code !== 0 || /^W: Failed to fetch/m.test(result.stderr))
      throw new MirrorUnreachableError(lastWords(result))
  }

  /** The packages that installing `names` would bring, themselves included. @throws MirrorChangedError */
  async closure(names: readonly string[]): Promise<ListedPackage[]> {
    const result = await this.apt(['apt-get', '-qq', '--print-uris', 'install', ...names], RESOLVE_MS_MAX)
    this.throwIfDiskFull(result)
    const listed = parsePrintUris(result.stdout)
    if (result.code !== 0 || listed.length === 0)
      throw new MirrorChangedError('a package of Asterisk is missing from it', lastWords(result))
    return listed
  }

  /** Downloads packages, checked against the signed index, and returns the folder that holds them. @throws MirrorChangedError */
  async download(names: readonly string[]): Promise<string> {
    const packages = join(this.folder, 'packages')
    const result = await this.apt(['apt-get', '-q', 'download', ...names], DOWNLOAD_MS_MAX, packages)
    this.throwIfDiskFull(result)
    if (/404|Hash Sum mismatch|unexpected size|Unable to locate|Can't find a source/i.test(result.stderr))
      throw new MirrorChangedError('a package is gone or differs', lastWords(result))
    if (result.code !== 0) throw new MirrorUnreachableError(lastWords(result))
    return packages
  }

  /** The machine's `Acquire::http`, `https` and `ftp` settings, as configuration lines. */
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
