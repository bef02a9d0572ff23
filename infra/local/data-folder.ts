import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { LocalCloudError, messageOf } from './errors.ts'

/** `registerHooks`, `node:sqlite` and the functions themselves want this one. */
const nodeMajorMin = 24

export function requireNode(version = process.versions.node): void {
  if (Number(version.split('.')[0]) >= nodeMajorMin) return
  const message = `The local cloud runs on Node ${nodeMajorMin} or later, and this is ${version}: start it with \`npm start\`, which brings its own.`
  throw new LocalCloudError('node-too-old', message)
}

export interface DataFolder {
  /** Lets another runner have it. */
  stop(): void
}

/** Makes the folder, private to its owner since it holds secrets, and keeps other runners out, and clears what a killed one left. */
export async function takeDataFolder(dataFolder: string): Promise<DataFolder> {
  try {
    await mkdir(dataFolder, { recursive: true, mode: 0o700 })
    await chmod(dataFolder, 0o700)
    await writeFile(join(dataFolder, 'writable'), '')
    await rm(join(dataFolder, 'writable'))
  } catch (cause) {
    const message = `The data folder ${dataFolder} cannot be written (${messageOf(cause)}): make it writable or name another.`
    throw new LocalCloudError('data-folder-not-writable', message, { cause })
  }
  const lock = lockFolder(dataFolder)
  await rm(join(dataFolder, 'tmp'), { recursive: true, force: true })
  return lock
}

/** By a transaction of SQLite that never ends: the system lets go of its lock when the process ends, however it ends. */
function lockFolder(dataFolder: string): DataFolder {
  const lock = new DatabaseSync(join(dataFolder, 'lock'))
  try {
    lock.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    lock.close()
    const message = `The data folder ${dataFolder} is in use by another local cloud: stop that one or name another folder.`
    throw new LocalCloudError('data-folder-in-use', message, { cause })
  }
  return { stop: () => lock.close() }
}
