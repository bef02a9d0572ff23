import { cp, lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as v from 'valibot'
import { errorCode } from '../../../infra/asterisk/errors.ts'
import { PrivateApt, type Series } from '../../../infra/asterisk/install/apt.ts'
import { runCommand } from '../../../infra/asterisk/install/command.ts'
import { keyringFor, mirrorsToTry } from '../../../infra/asterisk/install/machine.ts'
import {
  type AsteriskInstallation,
  dataFolder,
  librariesFolder,
  modulesFolder,
  ROOT_PACKAGES,
  runningVersion,
  Stamp,
} from '../../../infra/asterisk/installation.ts'

/** The release of a distribution whose package is of an old major version of Asterisk. */
export interface Release extends Series {
  readonly distribution: 'debian' | 'ubuntu'
  /** Packages with applications that later releases have in their main package. */
  readonly more?: readonly string[]
}

export const releases: Readonly<Record<string, Release>> = {
  '16': { distribution: 'debian', suite: 'bullseye', components: ['main'], more: ['asterisk-voicemail'] },
  '18': { distribution: 'ubuntu', suite: 'jammy', components: ['main', 'universe'] },
  '20': { distribution: 'ubuntu', suite: 'noble', components: ['main', 'universe'] },
}

export interface InstallOptions {
  /** Holds one folder for each release; kept between runs. */
  folder: string
  /** URL of an Ubuntu archive; by default the folder `ubuntu` beside the machine's Debian archive, where many mirrors have it. */
  ubuntuMirror: string | undefined
  progress(step: string): void
}

const UNPACK_MS_MAX = 120_000
const ubuntuKeyring = 'usr/share/keyrings/ubuntu-archive-keyring.gpg'

/** Installs the Asterisk of another release into a private folder, with all packages that it depends on. */
export async function installRelease(major: string, options: InstallOptions): Promise<AsteriskInstallation> {
  const release = releases[major]
  if (!release) throw new Error(`no release has Asterisk ${major}: choose one of ${Object.keys(releases).join(', ')}`)
  const root = join(options.folder, release.suite)
  const known = await installedIn(root)
  if (known) return known
  await mkdir(options.folder, { recursive: true })
  const work = await mkdtemp(join(options.folder, 'unpacking-'))
  try {
    options.progress(`installing Asterisk ${major} of ${release.suite}`)
    const apt = await aptOf(release, join(work, 'apt'), options)
    const packages = await apt.closure([...ROOT_PACKAGES, ...(release.more ?? [])])
    const unpacked = join(work, 'root')
    await unpack(
      apt,
      packages.map(({ name }) => name),
      unpacked,
    )
    await mergeUsr(unpacked)
    const sounds = join(dataFolder(unpacked), 'sounds')
    await rm(join(sounds, 'en'), { recursive: true, force: true })
    await symlink('en_US_f_Allison', join(sounds, 'en'))
    const version = await runningVersion(unpacked)
    if (version === undefined) throw new Error(`the Asterisk of ${release.suite} does not run`)
    const stamp = {
      recipe: release.suite,
      version,
      packages: Object.fromEntries(packages.map((one) => [one.name, one.version])),
    }
    await writeFile(join(unpacked, 'installed.json'), JSON.stringify(stamp, undefined, 2))
    await rm(root, { recursive: true, force: true })
    await rename(unpacked, root)
    return { ...stamp, root }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function installedIn(root: string): Promise<AsteriskInstallation | undefined> {
  try {
    const stamp = v.parse(Stamp, JSON.parse(await readFile(join(root, 'installed.json'), 'utf8')))
    return (await runningVersion(root)) === stamp.version ? { ...stamp, root } : undefined
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

async function aptOf(release: Release, folder: string, { ubuntuMirror }: InstallOptions): Promise<PrivateApt> {
  const [debian] = await mirrorsToTry(undefined)
  if (!debian) throw new Error('the machine names no Debian archive')
  const apt = new PrivateApt(join(folder, release.suite))
  const keyring = await keyringFor(debian)
  if (release.distribution === 'debian') await apt.prepare(debian, keyring, release)
  else {
    const uri = ubuntuMirror ?? debian.uri.replace(/debian\/?$/, 'ubuntu')
    await apt.prepare({ uri }, await keyringOfUbuntu(debian, keyring, folder), release)
  }
  await apt.update()
  return apt
}

/** Debian has a package with the keys of Ubuntu's archive. */
async function keyringOfUbuntu(debian: { uri: string }, keyring: string, folder: string): Promise<string> {
  const apt = new PrivateApt(join(folder, 'sid'))
  await apt.prepare(debian, keyring)
  await apt.update()
  const unpacked = join(folder, 'keyring')
  await unpack(apt, ['ubuntu-keyring'], unpacked)
  return join(unpacked, ubuntuKeyring)
}

async function unpack(apt: PrivateApt, names: readonly string[], root: string): Promise<void> {
  const folder = await apt.download(names)
  await mkdir(root, { recursive: true })
  for (const file of await readdir(folder)) {
    const result = await runCommand('dpkg-deb', ['-x', join(folder, file), root], { timeoutMs: UNPACK_MS_MAX })
    if (result.code !== 0) throw new Error(`dpkg-deb cannot unpack ${file}: ${result.stderr}`)
  }
}

/** Older releases have libraries, modules and the program loader in folders where the instance does not look for them. */
async function mergeUsr(root: string): Promise<void> {
  for (const name of ['lib', 'lib64']) {
    if (await isFolder(join(root, name))) await cp(join(root, name), join(root, 'usr', name), copying)
  }
  const libraries = librariesFolder(root)
  const own = join(root, 'usr/lib')
  for (const name of await readdir(own))
    if (/\.so\.\d/.test(name)) await cp(join(own, name), join(libraries, name), copying)
  if (!(await isFolder(modulesFolder(root)))) {
    await mkdir(dirname(modulesFolder(root)), { recursive: true })
    await symlink('../../asterisk/modules', modulesFolder(root))
  }
  const loader = (await readdir(libraries)).find((name) => /^ld-(linux-x86-64\.so\.2|\d.*\.so)$/.test(name))
  if (loader === undefined) throw new Error('the release has no program loader')
  const link = join(root, 'usr/lib64/ld-linux-x86-64.so.2')
  await mkdir(join(root, 'usr/lib64'), { recursive: true })
  await rm(link, { force: true })
  await symlink(`../lib/x86_64-linux-gnu/${loader}`, link)
}

const copying = { recursive: true, verbatimSymlinks: true, force: true }

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isDirectory()
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    throw error
  }
}
