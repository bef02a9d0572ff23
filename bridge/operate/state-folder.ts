import { createHash } from 'node:crypto'
import { mkdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { errorCode, exitStatus, FatalError } from '../failure.ts'

/** Creates the bridge's state folder, readable by its own user only, and checks that it is writable. */
export async function prepareStateFolder(folder: string): Promise<void> {
  const probe = join(folder, '.writable')
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeFile(probe, '', { mode: 0o600 })
    await rm(probe)
  } catch (cause) {
    throw unusable(folder, cause)
  }
}

/**
 * Number of the format of everything in the state folder. A version that changes the format so that an earlier one would take it for
 * damage raises the number, and reads every lower one.
 */
export const stateFormat = 1

/**
 * Notes the format of the state folder. Call it before anything in the folder is read: an earlier version that met a later format would
 * quarantine the spool as damaged. A folder without the file, or with a damaged one, has the first format. Throws FatalError.
 */
export async function checkStateFormat(folder: string): Promise<void> {
  const path = join(folder, 'format')
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return ''
    throw unusable(folder, error)
  })
  const found = Number(/^\d{1,9}\n/.exec(text)?.[0] ?? 1)
  if (found > stateFormat) {
    const sentence = `the state folder ${folder} is of a newer version of the bridge (format ${found}; this version reads ${stateFormat}), and was not changed: install that version again`
    throw new FatalError('state-format-newer', exitStatus.config, sentence)
  }
  if (text === `${stateFormat}\n`) return
  try {
    await writeFile(`${path}.tmp`, `${stateFormat}\n`, { mode: 0o600, flush: true })
    await rename(`${path}.tmp`, path)
  } catch {
    // A full disk must not keep the bridge from starting; without the file, the folder has the first format, which is this one.
    await rm(`${path}.tmp`, { force: true })
  }
}

function unusable(folder: string, cause: unknown): FatalError {
  const sentence = `the state folder ${folder} cannot be written (${errorCode(cause)}): make it writable for the bridge's user, or correct stateFolder`
  return new FatalError('state-folder-unwritable', exitStatus.cannotCreate, sentence, { cause })
}

/**
 * Holds a state folder for one process. On Linux by an abstract socket named after the folder, which the kernel frees
 * however the process ends (unix(7)); elsewhere by a socket in the temporary folder.
 */
export async function lockFolder(folder: string): Promise<{ release(): Promise<void> }> {
  const path = await lockPath(folder)
  const server = createServer((socket) => socket.destroy())
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(path, resolve)
    })
  } catch (cause) {
    if (errorCode(cause) !== 'EADDRINUSE') throw cause
    const sentence = `another bridge already uses the state folder ${folder}: stop it, or give this one a stateFolder of its own`
    throw new FatalError('state-folder-in-use', exitStatus.tempFail, sentence, { cause })
  }
  server.unref()
  return { release: () => new Promise((resolve) => server.close(() => resolve())) }
}

/** Whether a process holds the state folder. Does not keep a bridge from starting. */
export async function isFolderLocked(folder: string): Promise<boolean> {
  const socket = connect(await lockPath(folder))
  const answer = Promise.withResolvers<boolean>()
  socket.once('connect', () => answer.resolve(true))
  socket.once('error', () => answer.resolve(false))
  try {
    return await answer.promise
  } finally {
    socket.destroy()
  }
}

async function lockPath(folder: string): Promise<string> {
  const name = createHash('sha256')
    .update(await realpath(folder))
    .digest('hex')
    .slice(0, 32)
  return process.platform === 'linux' ? `\0switchhook-bridge-${name}` : join(tmpdir(), `switchhook-bridge-${name}`)
}
