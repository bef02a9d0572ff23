import type { CounterId } from '../operate/metrics/counter-catalogue.ts'
import type { CdrCheckpoint, Position } from './cdr-checkpoint.ts'
import type { CdrFolder, FileStatus } from './cdr-folder.ts'
import { CdrSource, rotatedSiblings } from './cdr-source.ts'

/** Twice the number of files that are listed in a folder: a file that still exists is never forgotten and read again. */
const finishedMax = 2000

/**
 * Knows which rotated files were read to their end. Rotations change names, file systems reuse inodes, and clocks jump, so a
 * file is identified by its first bytes and its length, compressed or not.
 */
export class CdrHistory {
  readonly #path: string
  readonly #folder: CdrFolder
  readonly #checkpoint: CdrCheckpoint
  readonly #onCount: (id: CounterId) => void
  #finished: Position[] = []
  /** Files already compared, by inode, size and time: a compressed file is decompressed once, not at each rotation. */
  #known = new Set<string>()

  constructor(path: string, folder: CdrFolder, checkpoint: CdrCheckpoint, onCount: (id: CounterId) => void) {
    this.#path = path
    this.#folder = folder
    this.#checkpoint = checkpoint
    this.#onCount = onCount
  }

  async load(): Promise<void> {
    this.#finished = await this.#checkpoint.loadFinished()
  }

  /** Returns the newest rotated file that contains the position. */
  async holding(position: Position): Promise<CdrSource | undefined> {
    for (const sibling of (await rotatedSiblings(this.#folder, this.#path)).reverse()) {
      const source = await this.#open(sibling)
      if (source && (await source.holds(position))) return source
      await source?.close()
    }
    return undefined
  }

  /** Returns the oldest rotated file that was not read to its end. */
  async nextUnread(): Promise<CdrSource | undefined> {
    const siblings = await rotatedSiblings(this.#folder, this.#path)
    this.#known = new Set(siblings.map(versionOf).filter((version) => this.#known.has(version)))
    for (const sibling of siblings) {
      if (sibling.size === 0 || this.#known.has(versionOf(sibling))) continue
      const source = await this.#open(sibling)
      if (source && !(await this.#isFinished(source))) return source
      await source?.close()
      if (source) this.#known.add(versionOf(sibling))
    }
    return undefined
  }

  async #isFinished(source: CdrSource): Promise<boolean> {
    for (const end of this.#finished) if (await source.isCopyOf(end)) return true
    return false
  }

  /** Skips a file that was renamed since it was listed: the next search finds it. */
  async #open(sibling: FileStatus & { path: string }): Promise<CdrSource | undefined> {
    try {
      return await CdrSource.open(this.#folder, sibling.path)
    } catch {
      this.#onCount('cdr-rotated-unreadable')
      this.#known.add(versionOf(sibling))
      return undefined
    }
  }

  /** Call this when every line of the file is settled. After a failed save the file is read again at the next start. */
  async finished(source: CdrSource): Promise<void> {
    this.#finished = [...this.#finished, await source.end()].slice(-finishedMax)
    await this.#checkpoint.saveFinished(this.#finished).catch(() => this.#onCount('cdr-position-unsaved'))
  }
}

function versionOf({ id, size, writtenMs }: FileStatus): string {
  return `${id}:${size}:${writtenMs}`
}
