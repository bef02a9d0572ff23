import { readFileSync } from 'node:fs'
import path from 'node:path'
import { sourceFiles } from './source-files.ts'

/** One import between two files of the repository; paths are relative to its root. */
export interface Import {
  file: string
  target: string
}

/** Returns every relative import of the TypeScript files in `folders`: of values, of types, re-exports and `import()`. */
export function readImports(folders: string[]): Import[] {
  return sourceFiles(folders).flatMap((file) => importsIn(file, readFileSync(file, 'utf8')))
}

/** Returns the relative imports in the text of one file. */
export function importsIn(file: string, text: string): Import[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => ({
    file,
    target: path.posix.join(path.posix.dirname(file), match[1] ?? ''),
  }))
}

/**
 * Returns a shortest cycle for each group of files that import each other: `['a.ts', 'b.ts', 'a.ts']`. A cycle starts with the
 * file that is first in the alphabet. No file is in two of the returned cycles, so removing one may reveal another.
 */
export function importCycles(imports: readonly Import[]): string[][] {
  const targets = new Map<string, string[]>()
  for (const { file, target } of imports) targets.set(file, [...(targets.get(file) ?? []), target])
  const rings: string[][] = []
  const used = new Set<string>()
  for (const file of [...targets.keys()].sort()) {
    if (used.has(file)) continue
    const ring = shortestRing(file, targets, used)
    if (!ring) continue
    rings.push(ring)
    for (const member of ring) used.add(member)
  }
  return rings
}

/** Searches breadth-first for a shortest cycle through `start` that contains no file of `used`. */
function shortestRing(
  start: string,
  targets: ReadonlyMap<string, readonly string[]>,
  used: ReadonlySet<string>,
): string[] | undefined {
  const cameFrom = new Map<string, string>()
  const queue = [start]
  // Every file enters the queue at most once, so the loop ends.
  for (const file of queue) {
    for (const target of targets.get(file) ?? []) {
      if (target === start) return ringTo(file, start, cameFrom)
      if (cameFrom.has(target) || used.has(target)) continue
      cameFrom.set(target, file)
      queue.push(target)
    }
  }
  return undefined
}

function ringTo(last: string, start: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const ring = [start]
  for (let file: string | undefined = last; file !== undefined && file !== start; file = cameFrom.get(file))
    ring.unshift(file)
  return [start, ...ring]
}
