import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { replaceFolder } from '../build/replace-folder.ts'
import { takeFileLock } from './file-lock.ts'

const stampFile = '.stamp'

/** Returns a digest of the source files, by which a build that is up to date is recognised. */
export async function digestOf(root: string, sources: readonly string[]): Promise<string> {
  const files: string[] = []
  for (const source of sources) files.push(...(await filesBelow(path.join(root, source))))
  const hash = createHash('sha256').update(process.version)
  for (const file of files.sort()) hash.update(`${path.relative(root, file)}\n`).update(await readFile(file))
  return hash.digest('hex')
}

export interface OneBuild {
  /** Holds the finished build and its stamp. */
  folder: string
  /** Only one process builds at a time. */
  lockFile: string
  digest: string
  /** Writes the build into an empty folder on the same file system. */
  build: (folder: string) => Promise<unknown>
}

/**
 * Builds into `folder` unless it already holds a build of the same digest. The build is written to a private folder and
 * renamed when it is complete, so that a process that reads the old build never sees half of the new one.
 */
export async function buildOnce({ folder, lockFile, digest, build }: OneBuild): Promise<void> {
  if ((await stampOf(folder)) === digest) return
  await mkdir(path.dirname(lockFile), { recursive: true })
  using _lock = await takeFileLock(lockFile)
  // Another process may have built it while this one waited for the lock.
  if ((await stampOf(folder)) === digest) return
  await mkdir(path.dirname(folder), { recursive: true })
  // In `dist/` like the finished builds, so that relative paths in source maps stay right.
  const fresh = await mkdtemp(path.join(path.dirname(lockFile), '.build-'))
  try {
    await build(fresh)
    await writeFile(path.join(fresh, stampFile), digest)
    await replaceFolder(folder, fresh)
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
}

async function stampOf(folder: string): Promise<string | undefined> {
  try {
    return await readFile(path.join(folder, stampFile), 'utf8')
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw error
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

async function filesBelow(source: string): Promise<string[]> {
  const entries = await readdir(source, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return undefined
    throw error
  })
  if (!entries) return [source]
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name))
}
