import { chmod, chown, copyFile, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { errorCode, folderFailure } from '../errors.ts'
import type { WritePlan } from './plan.ts'

/** Where files that are replaced are kept, in the folder itself. */
const KEPT_FOLDER = 'replaced-by-switchhook'

/** Returns the files of a folder that have the given names; none if it does not exist. */
export async function readFiles(folder: string, names: Iterable<string>): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const name of names) {
    try {
      found.set(name, await readFile(join(folder, name), 'utf8'))
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error
    }
  }
  return found
}

/**
 * Writes a plan into a folder. A folder that does not exist appears complete, by one rename. In a folder that exists, all files are
 * written beside the old ones first; then each is renamed, and if one rename fails the earlier ones are taken back. A process that
 * is killed between two renames leaves whole files, and the next run writes the rest.
 *
 * @throws FolderNotWritableError, DiskFullError
 */
export async function writePlan(path: string, { writes, replaced }: WritePlan): Promise<void> {
  const folder = resolve(path)
  try {
    const owner = await ownerOf(folder)
    if (owner) await writeInto(folder, writes, replaced, owner)
    else await writeNew(folder, writes)
  } catch (error) {
    throw folderFailure(error, folder)
  }
}

interface Owner {
  readonly uid: number
  readonly gid: number
}

async function ownerOf(folder: string): Promise<Owner | undefined> {
  try {
    return await stat(folder)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

async function writeNew(folder: string, writes: WritePlan['writes']): Promise<void> {
  await mkdir(dirname(folder), { recursive: true })
  const next = await mkdtemp(join(dirname(folder), `.${basename(folder)}-`))
  try {
    for (const [name, text] of writes) await writeFile(join(next, name), text, { mode: 0o600 })
    await rename(next, folder)
  } catch (error) {
    await rm(next, { recursive: true, force: true })
    throw error
  }
}

/** The files hold passwords, so only the owner of the folder (on most systems the user `asterisk`) may read them. */
async function writeInto(
  folder: string,
  writes: WritePlan['writes'],
  replaced: readonly string[],
  owner: Owner,
): Promise<void> {
  if (writes.size === 0) return
  const next = await mkdtemp(join(folder, '.switchhook-'))
  const done: string[] = []
  try {
    for (const [name, text] of writes) {
      await writeFile(join(next, name), text, { mode: 0o600 })
      await giveTo(join(next, name), owner)
      if (await exists(join(folder, name))) await copyFile(join(folder, name), join(next, `${name}.before`))
    }
    if (replaced.length > 0) await keep(folder, replaced, owner)
    for (const name of writes.keys()) {
      await rename(join(next, name), join(folder, name))
      done.push(name)
    }
  } catch (error) {
    for (const name of done) {
      if (await exists(join(next, `${name}.before`))) await rename(join(next, `${name}.before`), join(folder, name))
      else await rm(join(folder, name), { force: true })
    }
    throw error
  } finally {
    await rm(next, { recursive: true, force: true })
  }
}

async function keep(folder: string, names: readonly string[], owner: Owner): Promise<void> {
  const kept = join(folder, KEPT_FOLDER)
  await mkdir(kept, { recursive: true, mode: 0o700 })
  await giveTo(kept, owner)
  for (const name of names) {
    // The first copy is the one from before this program came.
    if (await exists(join(kept, name))) continue
    await copyFile(join(folder, name), join(kept, name))
    await chmod(join(kept, name), 0o600)
    await giveTo(join(kept, name), owner)
  }
}

async function giveTo(path: string, { uid, gid }: Owner): Promise<void> {
  if (process.getuid?.() === 0) await chown(path, uid, gid)
}

async function exists(path: string): Promise<boolean> {
  return (await ownerOf(path)) !== undefined
}
