import { readFile } from 'node:fs/promises'
import { type Bridge, startBridge } from '../../bridge/lifecycle.ts'
import { createLog } from '../../bridge/operate/log.ts'
import type { World } from './bridge-world.ts'

/** Recordings whose calls end with call records. */
export const withCdrs = [
  'internal_answered',
  'internal_busy',
  'internal_cancelled',
  'trunk_out',
  'trunk_in',
  'click_to_call',
  'fork',
]

export function ended(world: World): Set<string> {
  const calls = world.queues.of('switchhook.call.v1').filter(({ data }) => data.state === 'ended')
  return new Set(calls.map(({ data }) => data.call))
}

/** Starts a bridge in this process; `log` has its log lines. */
export async function bridgeOf(
  world: World,
  overrides: Record<string, unknown> = {},
): Promise<Bridge & { log: string[] }> {
  const lines: string[] = []
  const log = createLog({ level: 'info', write: (line) => lines.push(line) })
  return { ...(await startBridge(world.config({ health: { port: 0 }, ...overrides }), { log })), log: lines }
}

export async function cdrFileLines(world: World): Promise<string[]> {
  return (await readFile(world.replay.cdrFile, 'utf8')).trimEnd().split('\n')
}

/** The call records after deduplication by id. */
export function distinctCdrs(world: World): string[] {
  const rows = new Map(world.queues.of('switchhook.cdr.v1').map((event) => [event.id, JSON.stringify(event.data.cdr)]))
  return [...rows.values()].sort()
}
