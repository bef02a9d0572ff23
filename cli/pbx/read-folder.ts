import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { Files } from '../../bridge/check/pbx/conf.ts'
import { rootFiles } from '../../bridge/check/pbx/model.ts'
import { SwitchhookError } from '../../contracts/errors.ts'

export class ConfigurationUnreadableError extends SwitchhookError {
  readonly errorId = 'configuration-unreadable'
}

/** A folder of Asterisk has fewer files, smaller ones, and few folders in it. */
const filesMax = 2000
const bytesMax = 20_000_000
const depthMax = 4

export interface Configuration {
  readonly files: Files
  readonly isFolder: boolean
  /** The folder that the paths of findings are below. */
  readonly base: string
}

/** Reads a folder of Asterisk, or one of its files. @throws ConfigurationUnreadableError */
export async function readConfiguration(path: string): Promise<Configuration> {
  const files = new Map<string, string>()
  try {
    const isFolder = (await stat(path)).isDirectory()
    if (isFolder) {
      await readInto(files, resolve(path), '', 0)
      if (![...files.keys()].some((name) => rootFiles.includes(name)))
        throw new ConfigurationUnreadableError(
          `${path} has no file of Asterisk, such as pjsip.conf: name the folder, for example /etc/asterisk.`,
        )
      return { files, isFolder, base: path }
    }
    files.set(nameOf(path), await readFile(path, 'latin1').then(fromBytes))
    return { files, isFolder, base: dirname(path) }
  } catch (error) {
    if (error instanceof SwitchhookError) throw error
    const code = error instanceof Error && 'code' in error ? error.code : error
    throw new ConfigurationUnreadableError(
      `${path} cannot be read (${code}): name a folder such as /etc/asterisk, or one of its files.`,
      { cause: error },
    )
  }
}

/** The name by which Asterisk knows a file, also of a copy such as `old-manager.conf`. */
function nameOf(path: string): string {
  const name = basename(path)
  if (rootFiles.includes(name) || !name.endsWith('.conf')) return name
  return rootFiles.findLast((root) => name.includes(root.replace(/\.conf$/, ''))) ?? name
}

async function readInto(files: Map<string, string>, base: string, below: string, depth: number): Promise<void> {
  for (const entry of await readdir(join(base, below), { withFileTypes: true })) {
    const name = join(below, entry.name)
    if (entry.name.startsWith('.') || entry.name === 'replaced-by-switchhook') continue
    const path = join(base, name)
    const isFolder = entry.isDirectory()
    if (isFolder && depth < depthMax) await readInto(files, base, name, depth + 1)
    if (isFolder || !/\.(conf|inc|html?|m?js|php|json)$/i.test(entry.name)) continue
    const { size, isFile } = await stat(path).then((found) => ({ size: found.size, isFile: found.isFile() }))
    if (!isFile || size > bytesMax) continue
    if (files.size >= filesMax)
      throw new ConfigurationUnreadableError(
        `${base} has more than ${filesMax} files: name the folder of Asterisk itself.`,
      )
    files.set(name, await readFile(path, 'latin1').then(fromBytes))
  }
}

/** Text in UTF-8, or in the Latin-1 of old files. */
function fromBytes(bytes: string): string {
  const buffer = Buffer.from(bytes, 'latin1')
  const text = buffer.toString('utf8')
  return text.includes('\uFFFD') ? bytes : text
}
