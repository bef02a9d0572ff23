import { randomUUID } from 'node:crypto'
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { errorCode, InstallationBusyError } from '../errors.ts'

/** An installation takes 6 s, or 20 s on a slow line; after 10 minutes it is considered to hang. */
const WAIT_MS_MAX = 600_000
const LOOK_AGAIN_MS = 100

/**
 * Acquires a lock file with the id of this process. Waits while another running process holds it; takes over the lock of a process
 * that has ended. Disposing the result releases the lock.
 *
 * @throws InstallationBusyError after 10 minutes, the reason of `signal` once it aborts
 */
export async function takeLock(file: string, signal?: AbortSignal): Promise<AsyncDisposable> {
  const mine = `${file}.${randomUUID()}`
  const deadline = Date.now() + WAIT_MS_MAX
  await writeFile(mine, `${process.pid}\n`)
  try {
    for (;;) {
      signal?.throwIfAborted()
      // A link is atomic, unlike creating a file and then writing it.
      if (await linked(mine, file)) break
      const holder = await holderOf(file)
      if (holder !== undefined && !isAlive(holder)) await rm(file, { force: true })
      else if (holder !== undefined && Date.now() > deadline) throw new InstallationBusyError(file, holder)
      else await delay(LOOK_AGAIN_MS, undefined, signal ? { signal } : {})
    }
  } finally {
    await rm(mine, { force: true })
  }
  return { [Symbol.asyncDispose]: () => rm(file, { force: true }) }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw error
  }
}

async function holderOf(file: string): Promise<number | undefined> {
  try {
    return Number.parseInt(await readFile(file, 'utf8'), 10)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Whether a process with this id exists, also of another user. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}
