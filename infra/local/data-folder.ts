import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { LocalCloudError, messageOf } from './errors.ts'

/** `registerHooks`, `node:sqlite` and the functions need this version. */
const nodeMajorMin = 24

/** Throws if this Node is too old for the local cloud. */
export function requireNode(version = process.versions.node): void {
  if (Number(version.split('.')[0]) >= nodeMajorMin) return
  const message = `The local cloud runs on Node ${nodeMajorMin} or later, and this is ${version}: start it with \`npm start\`, which uses the Node that \`npm ci\` installed.`
  throw new LocalCloudError('node-too-old', message)
}

export interface DataFolder {
  /** Releases the folder for another local cloud. */
  stop(): void
}

/**
 * Creates and locks the folder, which holds secrets and so is private to its owner. Removes temporary files of a local cloud that
 * was killed.
 */
export async function openDataFolder(dataFolder: string): Promise<DataFolder> {
  try {
    await mkdir(dataFolder, { recursive: true, mode: 0o700 })
    await chmod(dataFolder, 0o700)
    await writeFile(join(dataFolder, 'writable'), '')
    await rm(join(dataFolder, 'writable'))
  } catch (cause) {
    const message = `The data folder ${dataFolder} cannot be written (${messageOf(cause)}): make it writable or choose another.`
    throw new LocalCloudError('data-folder-not-writable', message, { cause })
  }
  const lock = lockFolder(dataFolder)
  await rm(join(dataFolder, 'tmp'), { recursive: true, force: true })
  return lock
}

/** Locks the folder by an open SQLite transaction: the operating system releases the lock however the process ends. */
function lockFolder(dataFolder: string): DataFolder {
  const lock = new DatabaseSync(join(dataFolder, 'lock'))
  try {
    lock.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    lock.close()
    const message = `The data folder ${dataFolder} is in use by another local cloud: stop that one or choose another folder.`
    throw new LocalCloudError('data-folder-in-use', message, { cause })
  }
  return { stop: () => lock.close() }
}
