import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode, exitStatus, FatalError } from './failure.ts'

/** Makes the bridge's folder, readable by its user alone, and sees that it can be written. */
export async function prepareStateFolder(folder: string): Promise<void> {
  const probe = join(folder, '.writable')
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeFile(probe, '', { mode: 0o600 })
    await rm(probe)
  } catch (cause) {
    const sentence = `the state folder ${folder} cannot be written (${errorCode(cause)}): give it to the bridge's user, or mend stateFolder`
    throw new FatalError('state-folder-unwritable', exitStatus.cannotCreate, sentence, { cause })
  }
}
