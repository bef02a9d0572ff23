import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LocalCloudError, messageOf } from './errors.ts'

/** `registerHooks`, `node:sqlite` and the functions themselves want this one. */
const nodeMajorMin = 24

export function requireNode(version = process.versions.node): void {
  if (Number(version.split('.')[0]) >= nodeMajorMin) return
  const message = `The local cloud runs on Node ${nodeMajorMin} or later, and this is ${version}: start it with \`npm start\`, which brings its own.`
  throw new LocalCloudError('node-too-old', message)
}

/** Makes the folder, private to its owner since it holds secrets, and clears what a killed runner left in it. */
export async function prepareDataFolder(dataFolder: string): Promise<void> {
  try {
    await mkdir(dataFolder, { recursive: true, mode: 0o700 })
    await chmod(dataFolder, 0o700)
    await writeFile(join(dataFolder, 'writable'), '')
    await rm(join(dataFolder, 'writable'))
    await rm(join(dataFolder, 'tmp'), { recursive: true, force: true })
  } catch (cause) {
    const message = `The data folder ${dataFolder} cannot be written (${messageOf(cause)}): make it writable or name another.`
    throw new LocalCloudError('data-folder-not-writable', message, { cause })
  }
}
