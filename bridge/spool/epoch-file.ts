import { join } from 'node:path'
import * as v from 'valibot'
import { type Disk, realDisk } from './disk.ts'
import { readSealed, writeSealed } from './sealed-file.ts'

const Saved = v.object({ epoch: v.pipe(v.number(), v.integer(), v.minValue(0)) })

/**
 * Takes a new epoch: above every one taken before, even if the clock went back, and durable before it is used. Were the
 * file lost, the clock alone keeps epochs growing.
 */
export async function takeEpoch(stateFolder: string, nowMs: number, disk: Disk = realDisk): Promise<number> {
  const path = join(stateFolder, 'epoch')
  const saved = v.safeParse(Saved, await readSealed(disk, path))
  const epoch = Math.max(saved.success ? saved.output.epoch + 1 : 1, Math.floor(nowMs / 1000))
  await writeSealed(disk, path, { epoch })
  return epoch
}
