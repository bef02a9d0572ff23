import { frameBytesMax } from '../../contracts/limits.ts'

/** What stands in a frame around its entities: type, topic, epoch, stamps. */
const overheadBytes = 400

/**
 * Frames, each its JSON, joined to JSON arrays of as many as one WebSocket frame holds: a message is billed whether it says
 * one thing or several. One alone stays as it is.
 */
export function joinFrames(frames: readonly string[]): string[] {
  const runs: string[][] = []
  let room = 0
  for (const frame of frames) {
    const size = Buffer.byteLength(frame) + 1
    if (size > room || runs.length === 0) {
      runs.push([])
      room = frameBytesMax
    }
    runs.at(-1)?.push(frame)
    room -= size
  }
  return runs.map((run) => (run.length === 1 ? (run[0] ?? '') : `[${run.join(',')}]`))
}

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
