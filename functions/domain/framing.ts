import { frameBytesMax } from '../../contracts/limits.ts'

/** Bytes of a frame besides its entities: type, topic, epoch, times. */
const overheadBytes = 400

/**
 * Joins frames (JSON) to JSON arrays that fit one WebSocket message, since API Gateway bills each message. A single frame is
 * not put into an array.
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
 * Splits a list into runs whose JSON fits one frame. An item that is larger than a frame gets a frame of its own, which API
 * Gateway refuses and the log counts; only a call of 50 callees with the longest names is that large.
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
