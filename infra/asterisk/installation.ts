import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { errorCode } from './errors.ts'
import { runCommand } from './install/command.ts'
import { MODULES, SPARE_MODULES } from './render/modules.ts'

/** Packages taken whatever they depend on; everything else follows from what these load. */
export const ROOT_PACKAGES = [
  'asterisk',
  'asterisk-config',
  'asterisk-modules',
  'asterisk-core-sounds-en',
  'asterisk-core-sounds-en-gsm',
  'libc6',
] as const

/** Changes when the packages or modules that this version of the project asks for change: then it installs anew. */
export const RECIPE = createHash('sha256')
  .update(JSON.stringify([ROOT_PACKAGES, MODULES, SPARE_MODULES]))
  .digest('hex')
  .slice(0, 16)

/** What lies in `installed.json`, written last, so that a folder that has it is whole. */
export const Stamp = v.object({
  recipe: v.string(),
  /** As `asterisk -V` says it, without the word Asterisk. */
  version: v.string(),
  /** Package name to Debian version. */
  packages: v.record(v.string(), v.string()),
})

/** An Asterisk unpacked in a private folder. It runs from there, on its own C library, and writes nothing there. */
export interface AsteriskInstallation extends v.InferOutput<typeof Stamp> {
  /** The unpacked tree: `usr/sbin/asterisk` and the rest. */
  readonly root: string
}

const LIBRARIES = 'usr/lib/x86_64-linux-gnu'
const VERSION_MS_MAX = 10_000

/** Program and first arguments that run this Asterisk; append its options. */
export function asteriskCommand(root: string): { file: string; args: string[] } {
  const libraries = join(root, LIBRARIES)
  return {
    file: join(root, 'usr/lib64/ld-linux-x86-64.so.2'),
    args: ['--library-path', `${libraries}:${join(libraries, 'asterisk')}`, join(root, 'usr/sbin/asterisk')],
  }
}

export function modulesFolder(root: string): string {
  return join(root, LIBRARIES, 'asterisk/modules')
}

export function librariesFolder(root: string): string {
  return join(root, LIBRARIES)
}

/** Sounds, documentation (which the module loader reads) and the ARI description. */
export function dataFolder(root: string): string {
  return join(root, 'usr/share/asterisk')
}

/** The version that the unpacked binary tells when it is run, or undefined if it does not run. */
export async function runningVersion(root: string, signal?: AbortSignal): Promise<string | undefined> {
  const { file, args } = asteriskCommand(root)
  try {
    const result = await runCommand(file, [...args, '-V'], { timeoutMs: VERSION_MS_MAX, signal })
    return /^Asterisk (\S+)/.exec(result.stdout)?.[1]
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'EACCES') return undefined
    throw error
  }
}

/** The installation in `root` if it is whole, made by this recipe, and runs. */
export async function findInstallation(root: string, signal?: AbortSignal): Promise<AsteriskInstallation | undefined> {
  const stamp = await readStamp(join(root, 'installed.json'))
  if (!stamp || stamp.recipe !== RECIPE) return undefined
  return (await runningVersion(root, signal)) === stamp.version ? { ...stamp, root } : undefined
}

async function readStamp(file: string): Promise<v.InferOutput<typeof Stamp> | undefined> {
  try {
    return v.parse(Stamp, JSON.parse(await readFile(file, 'utf8')))
  } catch (error) {
    // Absent, torn or from another version: all are cured by installing again.
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(String(errorCode(error)))) return undefined
    if (error instanceof SyntaxError || v.isValiError(error)) return undefined
    throw error
  }
}
