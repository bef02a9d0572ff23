import { readdir, readFile, rm } from 'node:fs/promises'
import path from 'node:path'

const folders = path.resolve('dist/code')

/**
 * Returns the folder in which all local clouds of the tests unpack the packaged functions and keep their compiled code. Each
 * package has its own.
 */
export async function codeFolder(): Promise<string> {
  const stamp = await readFile(path.resolve('.serverless/.stamp'), 'utf8')
  return path.join(folders, stamp.slice(0, 16))
}

/** Removes the folders of earlier packages. */
export async function removeOldCode(): Promise<void> {
  const current = path.basename(await codeFolder())
  const names = await readdir(folders).catch(() => [])
  for (const name of names) {
    if (name !== current) await rm(path.join(folders, name), { recursive: true, force: true })
  }
}
