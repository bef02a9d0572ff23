import type { CdrCheckpoint, Position } from './cdr-checkpoint.ts'
import type { CdrFolder, FileStatus } from './cdr-folder.ts'
import { CdrSource, rotatedSiblings } from './cdr-source.ts'

/** Twice the files that are looked at in a folder, so that one that is still there is never forgotten and read anew for ever. */
const finishedMax = 2000

/**
 * The rotated files beside the one that is written: which of them were read to their end. Names move with each rotation,
 * inodes are used again and times jump, so each is known by its first bytes and its length, compressed or not.
 */
export class CdrHistory {
  readonly #path: string
  readonly #folder: CdrFolder
  readonly #checkpoint: CdrCheckpoint
  readonly #onCount: (errorId: string) => void
  #finished: Position[] = []
  #hasSiblings = false
  /** Files whose content was compared, by inode, size and time: a compressed one is unpacked once, not at each rotation. */
  #known = new Set<string>()

  constructor(path: string, folder: CdrFolder, checkpoint: CdrCheckpoint, onCount: (errorId: string) => void) {
    this.#path = path
    this.#folder = folder
    this.#checkpoint = checkpoint
    this.#onCount = onCount
  }

  async load(): Promise<void> {
    this.#finished = await this.#checkpoint.loadFinished()
  }

  /** Whether there ever was a file that rotation put aside: then the one that has the name may be away for a while. */
  get hasRotated(): boolean {
    return this.#hasSiblings || this.#finished.length > 0
  }

  /** The newest rotated file in which the position lies. */
  async holding(position: Position): Promise<CdrSource | undefined> {
    for (const sibling of (await rotatedSiblings(this.#folder, this.#path)).reverse()) {
      const source = await this.#open(sibling)
      if (source && (await source.holds(position))) return source
      await source?.close()
    }
    return undefined
  }

  /** The oldest rotated file that was not read to its end yet. */
  async nextUnread(): Promise<CdrSource | undefined> {
    const siblings = await rotatedSiblings(this.#folder, this.#path)
    this.#hasSiblings = siblings.length > 0
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

  /** A name that was given to another file since it was listed is passed over: the next search finds both. */
  async #open(sibling: FileStatus & { path: string }): Promise<CdrSource | undefined> {
    try {
      return await CdrSource.open(this.#folder, sibling.path)
    } catch {
      this.#onCount('cdr-rotated-unreadable')
      this.#known.add(versionOf(sibling))
      return undefined
    }
  }

  /** Every line of the file is settled. A failed save means reading it again after a restart. */
  async finished(source: CdrSource): Promise<void> {
    this.#finished = [...this.#finished, await source.end()].slice(-finishedMax)
    await this.#checkpoint.saveFinished(this.#finished).catch(() => this.#onCount('cdr-position-unsaved'))
  }
}

function versionOf({ id, size, writtenMs }: FileStatus): string {
  return `${id}:${size}:${writtenMs}`
}
