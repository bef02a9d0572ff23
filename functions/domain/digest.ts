import type { Digest } from '../../contracts/frames.ts'

/** FNV-1a, 32 bits, over the UTF-16 units of a text that is ASCII. */
export function fnv1a32(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

/** What two sides compare to know that they hold the same versions of the same entities, in any order. */
export function digestOf(entities: Iterable<{ id: string; v: string; r: number }>): Digest {
  let count = 0
  let sum = 0
  for (const { id, v, r } of entities) {
    count += 1
    sum = (sum + fnv1a32(`${id}@${v}.${r}`)) >>> 0
  }
  return { count, sum }
}
