import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, open, readFile, stat } from 'node:fs/promises'
import { errorCode } from '../errors.ts'
import { isAlive } from '../install/lock.ts'

const SETPRIV = '/usr/bin/setpriv'

/**
 * Starts a program that ends when this process ends. Its output goes to `outputFile`, created with mode 0600. It has its
 * own session, so that Ctrl-C in a terminal reaches only this process, which then stops the programs in order.
 */
export async function spawnTied(
  command: readonly string[],
  { cwd, outputFile }: { cwd: string; outputFile: string },
): Promise<ChildProcess> {
  const tied = (await exists(SETPRIV)) ? [SETPRIV, '--pdeathsig', 'KILL', ...command] : command
  const [program = '', ...args] = tied
  const output = await open(outputFile, 'a', 0o600)
  try {
    const child = spawn(program, args, { stdio: ['ignore', output.fd, output.fd], detached: true, cwd })
    await once(child, 'spawn')
    killAtExit(child)
    return child
  } finally {
    await output.close()
  }
}

/** Kills the child when this process exits. setpriv(1) does more where it exists: the kernel then kills the child even if this process is killed. */
function killAtExit(child: ChildProcess): void {
  const kill = () => {
    child.kill('SIGKILL')
  }
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
}

/**
 * Returns the process id in a pid file if that process runs and `marker` is in its command line: after a crash the id may
 * belong to another program.
 */
export async function livingOwner(pidFile: string, marker: string): Promise<number | undefined> {
  const pid = Number.parseInt(await textOf(pidFile), 10)
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return undefined
  return (await textOf(`/proc/${pid}/cmdline`)).includes(marker) ? pid : undefined
}

/** Returns the time of the last write in Unix milliseconds; 0 if the file is absent or empty. */
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
