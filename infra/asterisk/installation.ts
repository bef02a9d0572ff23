import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { errorCode } from './errors.ts'
import { runCommand } from './install/command.ts'
import { MODULES, SPARE_MODULES } from './render/modules.ts'

/** Packages that are always installed; the others follow from the libraries that these load. */
export const ROOT_PACKAGES = [
  'asterisk',
  'asterisk-config',
  'asterisk-modules',
  'asterisk-core-sounds-en',
  'asterisk-core-sounds-en-gsm',
  'libc6',
] as const

/** Digest of the wanted packages and modules. If a new version of the project changes them, Asterisk is installed again. */
export const RECIPE = createHash('sha256')
  .update(JSON.stringify([ROOT_PACKAGES, MODULES, SPARE_MODULES]))
  .digest('hex')
  .slice(0, 16)

/** The content of `installed.json`. It is written last, so a folder that has it is complete. */
export const Stamp = v.object({
  recipe: v.string(),
  /** The output of `asterisk -V` without the word Asterisk. */
  version: v.string(),
  /** Debian version by package name. */
  packages: v.record(v.string(), v.string()),
})

/** An Asterisk that is unpacked in a private folder. It runs from there with its own C library and does not write there. */
export interface AsteriskInstallation extends v.InferOutput<typeof Stamp> {
  /** The unpacked tree, which contains `usr/sbin/asterisk`. */
  readonly root: string
}

const LIBRARIES = 'usr/lib/x86_64-linux-gnu'
const VERSION_MS_MAX = 10_000

/** Returns program and first arguments that run this Asterisk; append the options. */
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

/** Returns the folder of sounds, documentation (which the module loader reads) and ARI descriptions. */
export function dataFolder(root: string): string {
  return join(root, 'usr/share/asterisk')
}

/** Runs the unpacked binary and returns its version, or undefined if it does not run. */
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

/** Returns the installation in `root` if it is complete, current and runs. */
export async function findInstallation(root: string, signal?: AbortSignal): Promise<AsteriskInstallation | undefined> {
  const stamp = await readStamp(join(root, 'installed.json'))
  if (!stamp || stamp.recipe !== RECIPE) return undefined
  return (await runningVersion(root, signal)) === stamp.version ? { ...stamp, root } : undefined
}

async function readStamp(file: string): Promise<v.InferOutput<typeof Stamp> | undefined> {
  try {
    return v.parse(Stamp, JSON.parse(await readFile(file, 'utf8')))
  } catch (error) {
    // Absent, torn or written by another version: installing again replaces it.
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(String(errorCode(error)))) return undefined
    if (error instanceof SyntaxError || v.isValiError(error)) return undefined
    throw error
  }
}
