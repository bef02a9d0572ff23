import { join } from 'node:path'
import * as v from 'valibot'
import { type Disk, releasedSuffix } from './disk.ts'
import { readSealed } from './sealed-file.ts'
import { scanSegment } from './segment.ts'

/** A segment file with the records [first, next). */
export interface Segment {
  readonly first: number
  next: number
  bytes: number
}

export interface Recovered {
  segments: Segment[]
  /** Number of the next record to append. */
  next: number
  /** All records below this number are acknowledged. */
  acked: number
  /** Bytes of damaged records inside segments, for the quarantine. */
  damaged: Buffer[]
  /** Number of bytes cut from segment ends, which a crash left half written. */
  tornBytes: number
}

export const Acked = v.object({ acked: v.pipe(v.number(), v.integer(), v.minValue(1)) })
export const ackFile = 'acked'
const segmentName = /^(\d{16})\.seg$/

export function segmentPath(folder: string, first: number): string {
  return join(folder, `${String(first).padStart(16, '0')}.seg`)
}

/**
 * Reads every segment of the folder and cuts torn ends. Syncs what it keeps, because bytes of a killed process may still be
 * in the page cache only.
 */
export async function recover(disk: Disk, folder: string): Promise<Recovered> {
  await disk.makeFolder(folder)
  const saved = v.safeParse(Acked, await readSealed(disk, join(folder, ackFile)))
  const recovered: Recovered = {
    segments: [],
    next: 1,
    acked: saved.success ? saved.output.acked : 1,
    damaged: [],
    tornBytes: 0,
  }
  const names = await disk.list(folder)
  // Segments whose gradual removal was interrupted. A failure here must not keep the bridge from starting.
  const removals = names.filter((name) => name.endsWith(releasedSuffix)).map((name) => disk.remove(join(folder, name)))
  await Promise.allSettled(removals)
  const firsts = names.flatMap((name) => segmentName.exec(name)?.[1] ?? []).map(Number)
  for (const first of firsts.sort((a, b) => a - b)) await recoverSegment(disk, folder, first, recovered)
  recovered.next = Math.max(recovered.next, recovered.acked)
  recovered.acked = Math.max(recovered.acked, recovered.segments[0]?.first ?? recovered.next)
  return recovered
}

async function recoverSegment(disk: Disk, folder: string, first: number, into: Recovered): Promise<void> {
  const path = segmentPath(folder, first)
  const bytes = await disk.read(path)
  const scan = scanSegment(bytes, first)
  for (const [from, to] of scan.damage) into.damaged.push(bytes.subarray(from, to))
  if (scan.end < bytes.length) into.tornBytes += bytes.length - scan.end
  const last = scan.records.at(-1)
  if (!last) {
    // A segment without any good record: the quarantine keeps its bytes.
    if (bytes.length > 0) into.damaged.push(bytes)
    await disk.remove(path)
    into.next = Math.max(into.next, first)
    return
  }
  await disk.truncateAndSync(path, scan.end)
  into.segments.push({ first, next: last.number + 1, bytes: scan.end })
  into.next = last.number + 1
}
