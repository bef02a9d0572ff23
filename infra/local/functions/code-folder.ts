import { createHash } from 'node:crypto'
import { createWriteStream, existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import yauzl from 'yauzl'
import { codeOf, LocalCloudError, messageOf } from '../errors.ts'

/** Lambda's limit on an unpacked function. */
const unpackedBytesMax = 250 * 1024 * 1024

/**
 * Unpacks the zip that the template's `S3Key` names, unless an earlier start did, and returns its folder. The folder's name is
 * the zip's hash: functions with the same zip share a folder, and a new package never runs old code. Several local clouds may
 * unpack into the same `codeFolder` at the same time.
 */
export async function unpackOnce(packageFolder: string, s3Key: string, codeFolder: string): Promise<string> {
  const zipPath = join(packageFolder, basename(s3Key))
  const folder = join(codeFolder, await hashOf(zipPath))
  if (existsSync(folder)) return folder
  await mkdir(codeFolder, { recursive: true })
  const unfinished = await mkdtemp(`${folder}.`)
  try {
    await unzip(zipPath, unfinished)
    // Rename only when complete: a process that is killed while it unpacks leaves no incomplete function behind.
    await rename(unfinished, folder)
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    // Another local cloud unpacked the same zip first.
    if (!existsSync(folder)) throw error
  }
  return folder
}

/**
 * Writes code that is a text in the template (`Code.ZipFile`) unless an earlier start did, and returns its folder. CloudFormation names
 * the file `index`, and Lambda reads it as CommonJS.
 */
export async function writeInlineOnce(code: string, codeFolder: string): Promise<string> {
  const folder = join(codeFolder, createHash('sha256').update(`inline\n${code}`).digest('hex').slice(0, 16))
  if (existsSync(folder)) return folder
  await mkdir(codeFolder, { recursive: true })
  const unfinished = await mkdtemp(`${folder}.`)
  await writeFile(join(unfinished, 'index.js'), code)
  await writeFile(join(unfinished, 'package.json'), '{"type":"commonjs"}')
  try {
    await rename(unfinished, folder)
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    // Another local cloud wrote the same code first.
    if (!existsSync(folder)) throw error
  }
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

/** Unpacks a zip into `folder`. yauzl rejects names that lead out of it and contents that differ from their stated size. */
export async function unzip(zipPath: string, folder: string): Promise<void> {
  try {
    const zip = await yauzl.openPromise(zipPath)
    let bytes = 0
    for await (const entry of zip.eachEntry()) {
      bytes += entry.uncompressedSize
      if (bytes > unpackedBytesMax) throw damaged(zipPath, 'it unpacks to more than 250 MB')
      if (entry.fileName.endsWith('/')) continue
      const file = join(folder, entry.fileName)
      await mkdir(dirname(file), { recursive: true })
      // The upper half of the attributes is the Unix mode; it is 0 in a zip that was made without one.
      const mode = (entry.externalFileAttributes >>> 16) & 0o777 || 0o644
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(file, { mode }))
    }
  } catch (cause) {
    if (cause instanceof LocalCloudError) throw cause
    throw damaged(zipPath, messageOf(cause), cause)
  }
}

function damaged(zipPath: string, why: string, cause?: unknown): LocalCloudError {
  const message = `The package ${zipPath} cannot be unpacked (${why}): run \`npm run package\` again.`
  return new LocalCloudError('package-damaged', message, { cause })
}
