import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, open, readFile, stat } from 'node:fs/promises'
import { errorCode } from '../errors.ts'
import { isAlive } from '../install/lock.ts'

const SETPRIV = '/usr/bin/setpriv'

/**
 * Starts a program that does not outlive this process. Its words go to `wordsFile`, created with mode 0600. It has a
 * session of its own: Ctrl-C in a terminal reaches this process alone, which then stops things in order.
 */
export async function spawnTied(
  command: readonly string[],
  { cwd, wordsFile }: { cwd: string; wordsFile: string },
): Promise<ChildProcess> {
  const tied = (await exists(SETPRIV)) ? [SETPRIV, '--pdeathsig', 'KILL', ...command] : command
  const [program = '', ...args] = tied
  const words = await open(wordsFile, 'a', 0o600)
  try {
    const child = spawn(program, args, { stdio: ['ignore', words.fd, words.fd], detached: true, cwd })
    await once(child, 'spawn')
    killAtExit(child)
    return child
  } finally {
    await words.close()
  }
}

/** setpriv(1) has the kernel kill the child even when this process is killed (Asterisk lets a TERM pass while it boots); this does where setpriv is missing. */
function killAtExit(child: ChildProcess): void {
  const kill = () => {
    child.kill('SIGKILL')
  }
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
}

/**
 * The process named in a pid file, if it lives and its command line holds `marker`: its id may have gone to another
 * program since the file was written.
 */
export async function livingOwner(pidFile: string, marker: string): Promise<number | undefined> {
  const pid = Number.parseInt(await textOf(pidFile), 10)
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return undefined
  return (await textOf(`/proc/${pid}/cmdline`)).includes(marker) ? pid : undefined
}

/** When a file was last written, 0 if it is absent or empty. */
export async function lastWrittenMs(file: string): Promise<number> {
  try {
    const { size, mtimeMs } = await stat(file)
    return size === 0 ? 0 : mtimeMs
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 0
    throw error
  }
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ESRCH') return ''
    throw error
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await access(file)
    return true
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    throw error
  }
}
