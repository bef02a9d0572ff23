import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { codeOf, LocalCloudError, messageOf } from '../errors.ts'
import { unzip } from './zip.ts'

/**
 * Unpacks the zip that the template's `S3Key` names and returns its folder, named by the zip's hash: functions that share an
 * artefact share a folder, and a new package never runs old code.
 */
export async function unpackOnce(packageFolder: string, s3Key: string, codeFolder: string): Promise<string> {
  const zipPath = join(packageFolder, basename(s3Key))
  const folder = join(codeFolder, await hashOf(zipPath))
  if (existsSync(folder)) return folder
  const half = `${folder}.half`
  await rm(half, { recursive: true, force: true })
  await mkdir(half, { recursive: true })
  await unzip(zipPath, half)
  // Renamed only when whole: a runner killed in mid-unpacking leaves no half a function behind.
  await rename(half, folder)
  return folder
}

async function hashOf(zipPath: string): Promise<string> {
  try {
    return createHash('sha256')
      .update(await readFile(zipPath))
      .digest('hex')
      .slice(0, 16)
  } catch (cause) {
    const why = codeOf(cause) === 'ENOENT' ? 'does not exist' : `cannot be read (${messageOf(cause)})`
    throw new LocalCloudError('package-absent', `The package ${zipPath} ${why}: run \`npm run package\` first.`, {
      cause,
    })
  }
}
