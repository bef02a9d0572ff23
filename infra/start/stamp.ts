import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'

/** Digest of the files that a build is made of, so that an unchanged one is not made again. */
export async function digestOf(root: string, sources: readonly string[]): Promise<string> {
  const files: string[] = []
  for (const source of sources) files.push(...(await filesBelow(path.join(root, source))))
  const hash = createHash('sha256').update(process.version)
  for (const file of files.sort()) hash.update(`${path.relative(root, file)}\n`).update(await readFile(file))
  return hash.digest('hex')
}

/** Runs `build` unless its last success was with the same digest. */
export async function buildOnce(stampFile: string, digest: string, build: () => Promise<unknown>): Promise<void> {
  const known = await readFile(stampFile, 'utf8').catch(() => '')
  if (known === digest) return
  await build()
  await writeFile(stampFile, digest)
}

async function filesBelow(source: string): Promise<string[]> {
  const entries = await readdir(source, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return undefined
    throw error
  })
  if (!entries) return [source]
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name))
}
