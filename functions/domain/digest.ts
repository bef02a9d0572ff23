import { fnv1a32 } from '../../contracts/fnv1a.ts'
import type { Digest } from '../../contracts/frames.ts'

/** Returns the count and checksum by which server and client find out whether they hold the same versions, in any order. */
export function digestOf(entities: Iterable<{ id: string; v: string; r: number }>): Digest {
  let count = 0
  let sum = 0
  for (const { id, v, r } of entities) {
    count += 1
    sum = (sum + fnv1a32(`${id}@${v}.${r}`)) >>> 0
  }
  return { count, sum }
}
