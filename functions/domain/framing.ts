import { frameBytesMax } from '../../contracts/limits.ts'

/** What stands in a frame around its entities: type, topic, epoch, stamps. */
const overheadBytes = 400

/**
 * Cuts a list into runs whose JSON fits one frame. An item larger than a frame is given one of its own, which the
 * socket refuses and counts: a call of 50 callees with the longest names there are would be one.
 */
export function splitByFrame<T>(items: readonly T[]): T[][] {
  const runs: T[][] = []
  let room = 0
  for (const item of items) {
    const size = Buffer.byteLength(JSON.stringify(item)) + 1
    if (size > room || runs.length === 0) {
      runs.push([])
      room = frameBytesMax - overheadBytes
    }
    runs.at(-1)?.push(item)
    room -= size
  }
  return runs
}
