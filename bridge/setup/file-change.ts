import { chmod, chown, lstat, mkdir, open, readFile, realpath, rename, rm, rmdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import * as v from 'valibot'
import { errorCode, exitStatus } from '../failure.ts'
import { SetupRefusedError } from './setup-error.ts'

/** Suffix of a text that is written and not yet in its place. No `#include` of Asterisk's configuration matches it. */
const stagedSuffix = '.switchhook-new'

/** One file that setup changes or creates. Texts hold one byte in each character (latin1), so that every byte is kept. */
export const FileChange = v.object({
  path: v.string(),
  /** Absent if the file did not exist. */
  before: v.optional(v.string()),
  after: v.string(),
  /** What was appended, if the file is another's: `--undo` removes it from a file that was changed since. */
  block: v.optional(v.string()),
  mode: v.number(),
  uid: v.number(),
  gid: v.number(),
})
export type FileChange = v.InferOutput<typeof FileChange>

/**
 * Writes the new texts beside their files. All of them are on the disk before the first one takes its place, so that a full disk
 * or a folder that cannot be written changes nothing. Throws SetupRefusedError.
 */
export async function stage(changes: readonly FileChange[]): Promise<void> {
  for (const { path, after, mode, uid, gid } of changes) {
    try {
      const target = await targetOf(path)
      await mkdir(dirname(target), { recursive: true, mode: 0o755 })
      await rm(`${target}${stagedSuffix}`, { force: true })
      await using file = await open(`${target}${stagedSuffix}`, 'wx', 0o600)
      await file.writeFile(Buffer.from(after, 'latin1'))
      await file.chmod(mode)
      if (process.getuid?.() === 0) await file.chown(uid, gid)
      await file.sync()
    } catch (cause) {
      throw unwritable(path, cause)
    }
  }
}

/** Puts the staged texts into their places. */
export async function commit(changes: readonly FileChange[]): Promise<void> {
  for (const { path, after } of changes) {
    try {
      const target = await targetOf(path)
      await replace(`${target}${stagedSuffix}`, target, after)
    } catch (cause) {
      throw unwritable(path, cause)
    }
  }
}

/** Removes what `stage` wrote. */
export async function unstage(changes: readonly FileChange[]): Promise<void> {
  for (const { path } of changes) {
    await rm(`${await targetOf(path)}${stagedSuffix}`, { force: true }).catch((error: unknown) => {
      // A part of the path is no folder: nothing was staged there.
      if (errorCode(error) !== 'ENOTDIR') throw error
    })
  }
}

/** A file that is mounted by itself, as in a container, cannot be replaced by a rename. */
async function replace(staged: string, target: string, text: string): Promise<void> {
  try {
    await rename(staged, target)
  } catch (error) {
    if (errorCode(error) !== 'EBUSY') throw error
    await using file = await open(target, 'r+')
    await file.truncate()
    await file.write(Buffer.from(text, 'latin1'), 0, undefined, 0)
    await file.sync()
    await rm(staged)
  }
}

/** Returns what undoing a change did to the file: `left` if another hand changed the block or the file since. */
export async function revert(change: FileChange): Promise<'restored' | 'unchanged' | 'left'> {
  const { path, before, after, block } = change
  const now = await readFile(path, 'latin1').catch((error: unknown) => {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return undefined
    throw error
  })
  if (now === before) return 'unchanged'
  if (now === after && before === undefined) {
    await rm(await targetOf(path))
    return 'restored'
  }
  const text = now === after ? before : withoutBlock(now, block)
  if (text === undefined) return 'left'
  const { mode, uid, gid } = now === after ? change : await ownerOf(path)
  const restored = [{ path, after: text, mode, uid, gid }]
  await stage(restored)
  await commit(restored)
  return 'restored'
}

/** Returns the text without our block, if the block is whole and stands there once. */
function withoutBlock(now: string | undefined, block: string | undefined): string | undefined {
  if (now === undefined || block === undefined) return undefined
  // The line feed before the block is ours only where the file did not end with one.
  const parts = now.split(block)
  return parts.length === 2 ? parts.join('') : undefined
}

/** Removes a folder that setup made, if it is empty. */
export async function removeFolder(folder: string): Promise<void> {
  await rmdir(folder).catch((error: unknown) => {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST', 'EBUSY'].includes(errorCode(error))) throw error
  })
}

async function ownerOf(path: string): Promise<{ mode: number; uid: number; gid: number }> {
  const { mode, uid, gid } = await stat(path)
  return { mode: mode & 0o7777, uid, gid }
}

/** Returns a change of a file that exists with its own mode and owner, or of a new one with those that are given. */
export async function changeOf(
  { path, before, after, block }: Pick<FileChange, 'path' | 'before' | 'after' | 'block'>,
  fresh: { mode: number; uid: number; gid: number },
): Promise<FileChange> {
  const owner = before === undefined ? fresh : await ownerOf(path)
  return { path, ...(before !== undefined && { before }), after, ...(block !== undefined && { block }), ...owner }
}

/** A link stays a link: its target is changed. */
async function targetOf(path: string): Promise<string> {
  const status = await lstat(path).catch(() => undefined)
  return status?.isSymbolicLink() ? realpath(path) : path
}

export function unwritable(path: string, cause: unknown): SetupRefusedError {
  const code = errorCode(cause)
  const why: Record<string, string> = {
    EROFS: `${path} is on a file system that is mounted read-only: mount it writable (mount -o remount,rw), or change the image that it comes from`,
    ENOSPC: `the disk of ${path} is full: free some space`,
    EDQUOT: `the disk quota for ${path} is used up: free some space`,
    EACCES: `${path} may not be written by this user: run setup as root`,
    EPERM: `${path} may not be written: run setup as root, and see that the file is not immutable (lsattr)`,
  }
  const sentence = `${why[code] ?? `${path} cannot be written (${code || 'unknown'}): correct this`}; nothing was changed, run setup again then`
  const status = code === 'EACCES' || code === 'EPERM' ? exitStatus.noPermission : exitStatus.cannotCreate
  return new SetupRefusedError('file-unwritable', sentence, status, { cause })
}

/** Makes a folder with its owner, if it does not exist. Returns whether it was made. */
export async function makeFolder(
  folder: string,
  { mode, uid, gid }: { mode: number; uid: number; gid: number },
): Promise<boolean> {
  try {
    const made = await mkdir(folder, { recursive: true, mode })
    if (made === undefined) return false
    await chmod(folder, mode)
    if (process.getuid?.() === 0) await chown(folder, uid, gid)
    return true
  } catch (cause) {
    throw unwritable(folder, cause)
  }
}
