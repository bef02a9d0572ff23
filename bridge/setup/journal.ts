import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import * as v from 'valibot'
import { keyFileName } from '../enrolment/enrolment-file.ts'
import { errorCode, exitStatus } from '../failure.ts'
import { FileChange, removeFolder, revert, unstage, unwritable } from './file-change.ts'
import { SetupRefusedError } from './setup-error.ts'

const Journal = v.object({
  version: v.literal(1),
  /** `applying` until everything is done: the next run of setup takes such a setup back first. */
  state: v.picklist(['applying', 'applied']),
  at: v.string(),
  controlSocket: v.string(),
  changes: v.array(FileChange),
  /** Files that exist only since setup, such as the bridge's key; `--undo` removes them. */
  made: v.array(v.string()),
  /** Folders that setup made; they are removed once they are empty. */
  folders: v.array(v.string()),
  /** Console commands that make Asterisk read its files again. */
  reloads: v.array(v.string()),
})
export type Journal = v.InferOutput<typeof Journal>

/**
 * The file by which setup is undone, byte for byte, also after a crash: it is on the disk before the first change. It holds the
 * files as they were, with their passwords; only root may read it, or write it.
 */
export const journalPath = (folder: string) => join(folder, 'setup-undo.json')

/** Returns the journal, or `undefined` if nothing was set up. Throws SetupRefusedError. */
export async function readJournal(folder: string): Promise<Journal | undefined> {
  const path = journalPath(folder)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return undefined
    const sentence = `${path} cannot be read (${errorCode(cause)}): run setup as root`
    throw new SetupRefusedError('journal-unreadable', sentence, exitStatus.noPermission, { cause })
  }
  try {
    return v.parse(Journal, JSON.parse(text))
  } catch (cause) {
    const sentence = `${path} is damaged or of a later version, so that setup cannot be undone by this one: run the version that wrote it, or remove the blocks "switchhook-bridge" from Asterisk's files, and then this file`
    throw new SetupRefusedError('journal-damaged', sentence, exitStatus.dataError, { cause })
  }
}

/** Writes the journal atomically and durably. */
export async function writeJournal(folder: string, journal: Journal): Promise<void> {
  const path = journalPath(folder)
  try {
    await mkdir(folder, { recursive: true, mode: 0o755 })
    await rm(`${path}.new`, { force: true })
    {
      await using file = await open(`${path}.new`, 'wx', 0o600)
      await file.writeFile(JSON.stringify(journal))
      await file.sync()
    }
    await rename(`${path}.new`, path)
    await syncFolder(folder)
  } catch (cause) {
    await rm(`${path}.new`, { force: true }).catch(() => undefined)
    throw unwritable(path, cause)
  }
}

async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r')
  await handle.sync()
}

/** What an undo could not take back, and why. */
export interface Leftover {
  path: string
  why: string
}

/**
 * Takes back every change, in reverse order. The journal stays until the last one is back, so that this can be run again. `keepKey`
 * keeps the bridge's key, with which the same code enrols again.
 */
export async function takeBack(
  folder: string,
  journal: Journal,
  { keepKey }: { keepKey: boolean },
): Promise<Leftover[]> {
  const leftovers: Leftover[] = []
  await unstage(journal.changes)
  for (const change of journal.changes.toReversed()) {
    if ((await revert(change)) === 'left')
      leftovers.push({ path: change.path, why: 'it was changed since: remove the block by hand' })
  }
  for (const path of journal.made) if (!keepKey || basename(path) !== keyFileName) await rm(path, { force: true })
  await rm(journalPath(folder), { force: true })
  // The deepest first.
  for (const path of journal.folders.toSorted((a, b) => b.length - a.length)) await removeFolder(path)
  return leftovers
}
