import { mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DiskFullError, errorCode, InstallationError, MirrorChangedError } from '../errors.ts'
import { librariesFolder, modulesFolder, ROOT_PACKAGES } from '../installation.ts'
import { MODULES, SPARE_MODULES } from '../render/modules.ts'
import type { PrivateApt } from './apt.ts'
import { packageOfLibrary } from './closure.ts'
import { runCommand } from './command.ts'
import { neededLibraries } from './elf.ts'

/** The largest package, libc6, unpacks in a second. */
const UNPACK_MS_MAX = 60_000
/** Concurrent processes; unpacking is decompression, so more than the machine's cores would not be faster. */
const UNPACK_CONCURRENCY = 4

interface Unpacking {
  readonly apt: PrivateApt
  readonly root: string
  readonly progress: (step: string) => void
  readonly signal?: AbortSignal | undefined
}

/**
 * Downloads and unpacks Asterisk and the libraries that its loaded files need; returns each package's version. If the package of a
 * library is unknown, all packages that Debian would install are unpacked.
 */
export async function downloadAndUnpack(unpacking: Unpacking): Promise<Record<string, string>> {
  const { apt, root } = unpacking
  const everything = await apt.closure(ROOT_PACKAGES)
  const names = everything.map((listed) => listed.name)
  const version = new Map(everything.map((listed) => [listed.name, listed.version]))
  const done = new Set<string>()

  unpacking.progress('downloading Asterisk and its sounds')
  await unpackMore(unpacking, ROOT_PACKAGES, done)

  const homes = [...(await missingLibraries(root))].map((soname) => packageOfLibrary(soname, names))
  const known = homes.filter((name) => name !== undefined)
  const closure = known.length === homes.length ? await apt.closure(['libc6', ...new Set(known)]) : everything
  unpacking.progress(`downloading ${closure.length} packages of libraries`)
  for (const listed of closure) version.set(listed.name, listed.version)
  await unpackMore(
    unpacking,
    closure.map((listed) => listed.name),
    done,
  )

  if ((await missingLibraries(root)).size > 0) {
    unpacking.progress(`downloading the ${names.length - done.size} other packages that Asterisk names`)
    await unpackMore(unpacking, names, done)
    const missing = await missingLibraries(root)
    if (missing.size > 0) throw new InstallationError(`no package contains ${[...missing].join(', ')}`)
  }
  return Object.fromEntries([...done].sort().map((name) => [name, version.get(name) ?? 'unknown']))
}

async function unpackMore({ apt, root, signal }: Unpacking, names: readonly string[], done: Set<string>) {
  const wanted = names.filter((name) => !done.has(name))
  if (wanted.length === 0) return
  const folder = await apt.download(wanted)
  const files = (await readdir(folder)).filter((file) => wanted.includes(file.split('_')[0] ?? ''))
  if (files.length < wanted.length) throw new MirrorChangedError('it sent fewer packages than requested')
  await mkdir(root, { recursive: true })
  const unpackRest = async () => {
    for (let file = files.pop(); file !== undefined; file = files.pop())
      await unpackOne(join(folder, file), root, signal)
  }
  const workers = await Promise.allSettled(Array.from({ length: UNPACK_CONCURRENCY }, unpackRest))
  for (const worker of workers) if (worker.status === 'rejected') throw worker.reason
  for (const name of wanted) done.add(name)
}

async function unpackOne(file: string, root: string, signal: AbortSignal | undefined): Promise<void> {
  const result = await runCommand('dpkg-deb', ['-x', file, root], { timeoutMs: UNPACK_MS_MAX, signal })
  if (/No space left/i.test(result.stderr)) throw new DiskFullError(root, result.stderr)
  if (result.code !== 0) throw new InstallationError('dpkg-deb cannot unpack a package', result.stderr)
}

/** Returns the libraries that Asterisk, its loaded modules or their libraries need and that are not in `root`. */
async function missingLibraries(root: string): Promise<Set<string>> {
  const modules = [...MODULES, ...SPARE_MODULES].map((name) => join(modulesFolder(root), `${name}.so`))
  const queue = [join(root, 'usr/sbin/asterisk'), ...modules]
  const seen = new Set<string>()
  const missing = new Set<string>()
  // Every library enters the queue once; `root` has about 100.
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    for (const soname of neededLibraries(await readFile(file))) {
      if (seen.has(soname)) continue
      seen.add(soname)
      const home = await locate(root, soname)
      if (home) queue.push(home)
      else missing.add(soname)
    }
  }
  return missing
}

async function locate(root: string, soname: string): Promise<string | undefined> {
  for (const folder of [librariesFolder(root), join(librariesFolder(root), 'asterisk'), join(root, 'usr/lib64')]) {
    const file = join(folder, soname)
    try {
      if ((await stat(file)).isFile()) return file
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error
    }
  }
  return undefined
}
