import { mkdir, mkdtemp, readdir, rename, rm, statfs, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DiskFullError, folderFailure, InstallationError, MirrorUnreachableError, NEEDED_MB } from './errors.ts'
import { PrivateApt } from './install/apt.ts'
import type { AptEntry } from './install/apt-sources.ts'
import { takeLock } from './install/lock.ts'
import { checkPlatform, keyringFor, mirrorsToTry } from './install/machine.ts'
import { downloadAndUnpack } from './install/unpack.ts'
import { type AsteriskInstallation, dataFolder, findInstallation, RECIPE, runningVersion } from './installation.ts'

export interface InstallOptions {
  /** Holds the installation; created if absent. Several processes may share it. */
  readonly folder: string
  /** A Debian mirror's URL, instead of those of the machine's own apt sources. */
  readonly mirror?: string | undefined
  /** Called with the name of each step that can take longer than a second. */
  readonly progress: (step: string) => void
  /** Aborts the installation, which leaves no partial files. */
  readonly signal?: AbortSignal | undefined
}

const LEFTOVER = 'unpacking-'

/**
 * Installs Asterisk 22 from Debian sid into a private folder, without root. A private apt downloads the packages and checks them
 * against the signed index; they are unpacked, run once and then renamed into place. If Asterisk is already installed, this only
 * runs `asterisk -V`.
 *
 * @throws PlatformUnsupportedError, KeyringMissingError, MirrorUnreachableError, MirrorInvalidError, MirrorChangedError, FolderNotWritableError,
 *   DiskFullError, InstallationError; the reason of `signal` when it aborts
 */
export async function installAsterisk(options: InstallOptions): Promise<AsteriskInstallation> {
  const { folder, signal } = options
  const root = join(folder, 'current')
  const installed = await findInstallation(root, signal)
  if (installed) return installed

  await checkPlatform(signal)
  try {
    await mkdir(folder, { recursive: true })
    await using _lock = await takeLock(join(folder, 'lock'), signal)
    // Another process may have installed it while this one waited for the lock.
    return (await findInstallation(root, signal)) ?? (await installInto(root, options))
  } catch (error) {
    throw folderFailure(error, folder)
  }
}

async function installInto(root: string, { folder, mirror, progress, signal }: InstallOptions) {
  for (const name of await readdir(folder))
    if (name.startsWith(LEFTOVER)) await rm(join(folder, name), { recursive: true, force: true })
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize < NEEDED_MB * 1024 * 1024) throw new DiskFullError(folder)

  const work = await mkdtemp(join(folder, LEFTOVER))
  try {
    progress('asking the Debian mirror for Asterisk')
    const apt = await reachMirror(join(work, 'apt'), await mirrorsToTry(mirror), signal)
    const unpacked = join(work, 'root')
    const packages = await downloadAndUnpack({ apt, root: unpacked, progress, signal })
    // Debian's packages create this link when they are configured, and unpacking does not configure them.
    await symlink('en_US_f_Allison', join(dataFolder(unpacked), 'sounds', 'en'))
    const version = await runningVersion(unpacked, signal)
    if (version === undefined) throw new InstallationError('the unpacked program does not run')
    const stamp = { recipe: RECIPE, version, packages }
    await writeFile(join(unpacked, 'installed.json'), JSON.stringify(stamp, undefined, 2))
    signal?.throwIfAborted()
    await rm(root, { recursive: true, force: true })
    await rename(unpacked, root)
    progress(`Asterisk ${version} is ready`)
    return { ...stamp, root }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Returns an apt for the first mirror that answers with an index of sid. */
async function reachMirror(folder: string, mirrors: readonly AptEntry[], signal: AbortSignal | undefined) {
  let failure: unknown
  for (const mirror of mirrors) {
    const apt = new PrivateApt(folder, signal)
    await apt.prepare(mirror, await keyringFor(mirror))
    try {
      await apt.update()
      return apt
    } catch (error) {
      if (!(error instanceof MirrorUnreachableError)) throw error
      failure = error
    }
  }
  throw failure ?? new MirrorUnreachableError()
}
