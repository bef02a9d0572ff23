import { setImmediate as turn } from 'node:timers/promises'
import { type Line, LineSplitter } from '../normalise/line-splitter.ts'
import { type CdrFolder, realCdrFolder } from './cdr-folder.ts'
import { CdrSource, rotatedSiblings } from './cdr-source.ts'

/** A quarter of the chunk of cdr-file.ts: the bridge does its other work between two chunks. */
const chunkBytes = 262_144

/** Yields every whole record of the CDR file and of its rotated files that were written since `sinceMs`, oldest file first. */
export async function* linesSince(
  path: string,
  sinceMs: number,
  folder: CdrFolder = realCdrFolder,
): AsyncGenerator<Line> {
  const siblings = (await rotatedSiblings(folder, path)).filter(({ writtenMs }) => writtenMs >= sinceMs)
  // If a rotation renames the file meanwhile, it is read twice; the caller deduplicates by content.
  for (const file of [...siblings.map((sibling) => sibling.path), path]) {
    const source = await CdrSource.open(folder, file)
    if (source) yield* linesOf(source, file !== path)
  }
}

/** Returns whether a rotated file is older than `ms`. */
export async function reachesBefore(path: string, ms: number, folder: CdrFolder = realCdrFolder): Promise<boolean> {
  return (await rotatedSiblings(folder, path)).some(({ writtenMs, size }) => writtenMs < ms && size > 0)
}

/** A rotated file may end without a line break; in the other one, such a line is being written. */
async function* linesOf(source: CdrSource, isRotated: boolean): AsyncGenerator<Line> {
  try {
    const splitter = new LineSplitter(0)
    // Includes what is appended meanwhile.
    for (;;) {
      const chunk = await source.read(splitter.offset, Buffer.allocUnsafe(chunkBytes))
      if (chunk.length === 0) break
      yield* splitter.push(chunk)
      await turn()
    }
    yield* isRotated ? splitter.rest() : splitter.flush()
  } finally {
    await source.close()
  }
}
