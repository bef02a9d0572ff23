import { readdir, readFile, readlink, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type AsteriskConf, readAsteriskConf, settingOf } from '../check/asterisk-conf.ts'
import { errorCode } from '../failure.ts'
import { AsteriskConsole } from './console.ts'
import { SetupRefusedError } from './setup-error.ts'

/** The Asterisk of this machine. */
export interface FoundAsterisk {
  /** Path of `asterisk.conf`. */
  readonly mainFile: string
  readonly etc: string
  readonly logs: string
  readonly controlSocket: string
  /** User and group of the process; of its data while it does not run. */
  readonly uid: number
  readonly gid: number
  /** The process; absent while Asterisk does not run. */
  readonly pid?: number
  /** The version, while it runs. */
  readonly version?: string
  /** Modules that run, without `.so`; empty while Asterisk does not run. */
  readonly modules: ReadonlySet<string>
}

const usualMainFile = '/etc/asterisk/asterisk.conf'

export interface AsteriskProcess {
  pid: number
  mainFile: string
  uid: number
  gid: number
  /** Whether it runs in a container. */
  isElsewhere: boolean
}

/** Finds the Asterisk that runs here, or the one whose `asterisk.conf` is given. Changes nothing. Throws SetupRefusedError. */
export async function findAsterisk(given?: string): Promise<FoundAsterisk> {
  const running = await runningAsterisks()
  const mainFile = given ?? mainFileOf(running)
  const folders = await readDirectories(mainFile)
  const own = running.find((one) => one.mainFile === mainFile && !one.isElsewhere)
  const controlSocket = join(folders.run, folders.socketName)
  const asked = await askVersion(new AsteriskConsole(controlSocket))
  const owner = own ?? (await ownerOf(folders.lib, mainFile))
  return {
    mainFile,
    etc: folders.etc,
    logs: folders.logs,
    controlSocket,
    uid: owner.uid,
    gid: owner.gid,
    ...(own && { pid: own.pid }),
    ...asked,
  }
}

/** Returns the `asterisk.conf` of the only Asterisk that runs here; the usual one if none does. Throws SetupRefusedError. */
function mainFileOf(running: readonly AsteriskProcess[]): string {
  const here = [...new Set(running.filter(({ isElsewhere }) => !isElsewhere).map(({ mainFile }) => mainFile))]
  const [only, second] = here
  if (only && second) {
    const sentence = `${here.length} Asterisks run on this machine (${here.join(', ')}): name the file of one, with --asterisk FILE`
    throw new SetupRefusedError('two-pbxs', sentence)
  }
  if (!only && running.length > 0) {
    const sentence = `Asterisk runs in a container (process ${running[0]?.pid}): run the bridge in a container beside it, as docs/install.md says`
    throw new SetupRefusedError('pbx-in-container', sentence)
  }
  return only ?? usualMainFile
}

/** Returns the Asterisk processes that this user can see, without consoles (`asterisk -r`). */
async function runningAsterisks(): Promise<AsteriskProcess[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
  const own = await readlink('/proc/self/ns/mnt').catch(() => '')
  const found = await Promise.all(pids.map((pid) => asteriskOf(pid, own).catch(() => undefined)))
  return found.filter((one) => one !== undefined)
}

async function asteriskOf(pid: string, ownNamespace: string): Promise<AsteriskProcess | undefined> {
  const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0')
  // Also behind a loader, `ld-linux-x86-64.so.2 ... /usr/sbin/asterisk`.
  const program = words.findIndex((word) => basename(word) === 'asterisk')
  const isLoaded = words.slice(1, program).some((word) => word.startsWith('--library-path'))
  if (program < 0 || (program > 0 && !isLoaded)) return undefined
  const options = words.slice(program + 1)
  if (options.some((word) => /^-[a-zA-Z]*[rRxV]/.test(word))) return undefined
  const named = options.indexOf('-C')
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const idOf = (name: string) => Number(new RegExp(`^${name}:\\s+\\d+\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0)
  const namespace = await readlink(`/proc/${pid}/ns/mnt`).catch(() => ownNamespace)
  return {
    pid: Number(pid),
    mainFile: (named < 0 ? undefined : options[named + 1]) ?? usualMainFile,
    uid: idOf('Uid'),
    gid: idOf('Gid'),
    isElsewhere: namespace !== ownNamespace,
  }
}

async function readDirectories(mainFile: string) {
  let conf: AsteriskConf | undefined
  try {
    conf = await readAsteriskConf(dirname(mainFile), mainFile)
  } catch (cause) {
    const sentence = `${mainFile} cannot be read (${errorCode(cause)}): run setup as root`
    throw new SetupRefusedError('pbx-unreadable', sentence, undefined, { cause })
  }
  if (!conf) {
    const sentence = `no Asterisk was found here (${mainFile} does not exist): start it, or name its file with --asterisk FILE`
    throw new SetupRefusedError('pbx-absent', sentence)
  }
  const folder = (name: string, usual: string) => settingOf(conf.get('directories'), name) ?? usual
  return {
    etc: folder('astetcdir', dirname(mainFile)),
    logs: folder('astlogdir', '/var/log/asterisk'),
    run: folder('astrundir', '/var/run/asterisk'),
    lib: folder('astvarlibdir', '/var/lib/asterisk'),
    socketName: settingOf(conf.get('files'), 'astctl') ?? 'asterisk.ctl',
  }
}

async function askVersion(console: AsteriskConsole): Promise<{ version?: string; modules: ReadonlySet<string> }> {
  try {
    const version = /^Asterisk (\S+)/m.exec(await console.run('core show version'))?.[1]
    const listed = await console.run('module show')
    const modules = new Set([...listed.matchAll(/^(\w+)\.so\b.*\bRunning\b/gm)].map(([, name = '']) => name))
    return { ...(version !== undefined && { version }), modules }
  } catch (error) {
    if (errorCode(error) === 'EACCES') {
      throw new SetupRefusedError(
        'pbx-unreadable',
        "Asterisk's console may not be used by this user: run setup as root",
      )
    }
    return { modules: new Set() }
  }
}

async function ownerOf(...paths: string[]): Promise<{ uid: number; gid: number }> {
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined)
    if (found) return { uid: found.uid, gid: found.gid }
  }
  return { uid: 0, gid: 0 }
}
