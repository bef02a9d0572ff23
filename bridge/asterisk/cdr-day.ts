import { setImmediate as turn } from 'node:timers/promises'
import { type CdrFolder, realCdrFolder } from './cdr-folder.ts'
import { CdrSource, rotatedSiblings } from './cdr-source.ts'
import { LineSplitter } from './line-splitter.ts'

/** A quarter of the tail's: the bridge does its other work between two chunks. */
const chunkBytes = 262_144

/** Every whole line that the PBX's file and its rotated siblings have written since `sinceMs`, oldest file first. */
export async function* linesSince(
  path: string,
  sinceMs: number,
  folder: CdrFolder = realCdrFolder,
): AsyncGenerator<Buffer> {
  const siblings = (await rotatedSiblings(folder, path)).filter(({ writtenMs }) => writtenMs >= sinceMs)
  // A rotation in between moves a file from the one name to the other: then it is read twice, and known by its content.
  for (const file of [...siblings.map((sibling) => sibling.path), path]) {
    const source = await CdrSource.open(folder, file)
    if (source) yield* linesOf(source)
  }
}

/** True if a rotated file ended before: the PBX's files reach back further. */
export async function reachesBefore(path: string, ms: number, folder: CdrFolder = realCdrFolder): Promise<boolean> {
  return (await rotatedSiblings(folder, path)).some(({ writtenMs, size }) => writtenMs < ms && size > 0)
}

async function* linesOf(source: CdrSource): AsyncGenerator<Buffer> {
  try {
    const splitter = new LineSplitter(0)
    // Ends with the file; what is written to it meanwhile belongs to it.
    for (;;) {
      const chunk = await source.read(splitter.offset, Buffer.allocUnsafe(chunkBytes))
      if (chunk.length === 0) return
      for (const line of splitter.push(chunk)) if (!line.isOverlong) yield line.bytes
      await turn()
    }
  } finally {
    await source.close()
  }
}
