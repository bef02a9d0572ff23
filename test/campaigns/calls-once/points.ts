import path from 'node:path'
import type { BridgeProcess } from '../../../infra/start/bridge-process.ts'
import { failingDisk } from '../../support/failing-disk.ts'

/** Where a bridge is killed: at a write or sync of its claims or of any of its files, or a time after its start. */
export interface Point {
  kind: 'writes of claims' | 'writes of state' | 'moments'
  number: number
  isTorn: boolean
}

/** Claims of five calls are fifteen writes and syncs. All files together have more, the first ones at the start. */
const claimWrites = 15
const momentMs = 5
/** A bridge that has not reached the point after this time has no more work and does not reach it. */
const dieMsMax = 2_500

export function points(count: number): Point[] {
  const kinds = ['writes of claims', 'writes of state', 'moments'] as const
  return Array.from({ length: count }, (_, n) => {
    const kind = kinds[n % kinds.length] ?? 'moments'
    const turn = Math.floor(n / kinds.length)
    const number = kind === 'writes of claims' ? (turn % claimWrites) + 1 : turn + 1
    return { kind, number, isTorn: Math.floor(turn / claimWrites) % 2 === 1 }
  })
}

/** Starts a bridge that is killed at the point; returns true if it reached the point. It is killed in any case. */
export async function killedAt(bridge: BridgeProcess, folder: string, point: Point): Promise<boolean> {
  if (point.kind === 'moments') {
    await bridge.start()
    await new Promise((resolve) => setTimeout(resolve, point.number * momentMs))
    await bridge.kill()
    return true
  }
  const under = point.kind === 'writes of claims' ? 'state/commands' : 'state/'
  const fault = { path: path.join(folder, under), at: point.number, mode: point.isTorn ? 'torn' : 'kill' } as const
  // It may be killed before it reports that it runs.
  await bridge.start(failingDisk(fault)).catch(() => undefined)
  const until = performance.now() + dieMsMax
  while (bridge.isRunning && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 10))
  const died = !bridge.isRunning
  await bridge.kill()
  return died
}
