import { spoolBytesMax, stateFolder, type World } from './model-bridge.ts'
import { linesOf, type ModelStore } from './model-store.ts'

/** What a schedule has left behind by now. */
export interface Evidence {
  world: World
  store: ModelStore
  /** The call records that Asterisk wrote, by key, as the store has to have them. */
  written: ReadonlyMap<string, string>
  /** Lines of the call record file that are no records. */
  odd: readonly Buffer[]
  /** Facts that were durable in the spool, by id. */
  owed: ReadonlySet<string>
  /** Lines that a fault of the disk took, which nothing can bring back. */
  forgiven: readonly string[]
  /** Facts in the spool that are not sent. */
  unsent: number
}

/** What does not hold, in words; empty if all is well. */
export function verdict(evidence: Evidence): string[] {
  return [records, presence, facts, durable, bounds].flatMap((judge) => judge(evidence))
}

function records({ world, store: { rows, faults: conflicts }, written }: Evidence): string[] {
  const forgiven = new Set(poisonedIds(world))
  const lost = [...written].filter(([id, row]) => rows.get(id) !== row && !forgiven.has(id))
  const invented = [...rows.keys()].filter((id) => !written.has(id))
  return [
    ...conflicts,
    ...lost.map(([id]) => `the record ${id} is ${rows.has(id) ? 'another in the store' : 'lost'}`),
    ...invented.map((id) => `the record ${id} is in the store and was never written`),
  ]
}

function poisonedIds({ queue }: World): string[] {
  return queue.poisoned.flatMap((body) => linesOf(body).map(idOf))
}

function presence({ world: { pbx }, store }: Evidence): string[] {
  const shown = (device: string) => store.endpoints.get(device)?.data['deviceState']
  const wrong = [...pbx.devices].filter(([device, state]) => shown(device) !== state)
  const live = [...store.calls].filter(([, row]) => row.data['state'] !== 'ended')
  const answered = new Map(live.map(([id, row]) => [id, row.data['state'] === 'answered']))
  const calls = pbx.calls.answered()
  const ids = new Set([...calls.keys(), ...answered.keys()])
  return [
    ...wrong.map(([device, state]) => `${device} is ${state} and shown as ${shown(device)}`),
    ...[...ids].flatMap((id) =>
      calls.get(id) === answered.get(id) ? [] : [`the call ${id} is ${calls.get(id)} and shown as ${answered.get(id)}`],
    ),
  ]
}

/** Every fact before one that arrived was durable then, and arrives too. */
function facts({ world, store, forgiven: lines }: Evidence): string[] {
  const forgiven = new Map<string, number>()
  for (const line of new Set([...lines, ...world.queue.poisoned.flatMap(linesOf)])) {
    const { type, v = '' } = JSON.parse(line)
    const kind = `${type} ${v.slice(0, 10)}`
    forgiven.set(kind, (forgiven.get(kind) ?? 0) + 1)
  }
  return [...store.counts].flatMap(([kind, found]) => {
    const missing = Math.max(...found) - found.size
    return missing > (forgiven.get(kind) ?? 0) ? [`${missing} facts of ${kind} are lost`] : []
  })
}

function durable({ world, store, owed, forgiven: lines }: Evidence): string[] {
  const forgiven = new Set([...lines.map(idOf), ...poisonedIds(world)])
  const lost = [...owed].filter((id) => !store.lines.has(id) && !forgiven.has(id))
  return lost.map((id) => `the fact ${id} was durable and is lost`)
}

function bounds({ world: { disk }, odd: lines, unsent }: Evidence): string[] {
  const kept = disk.paths.filter((path) => path.includes('/quarantine/')).map((path) => disk.content(path))
  const missing = lines.filter((odd) => !kept.some((bytes) => bytes.equals(odd.subarray(0, 1_048_576))))
  const segments = disk.paths.filter((path) => path.endsWith('.seg'))
  const spoolBytes = segments.reduce((sum, path) => sum + disk.content(path).length, 0)
  return [
    ...missing.map((odd) => `a line of ${odd.length} bytes is neither sent nor in ${stateFolder}/quarantine`),
    ...(spoolBytes > 2 * spoolBytesMax ? [`the spool holds ${spoolBytes} bytes`] : []),
    ...(unsent > 0 ? [`${unsent} facts wait for ever`] : []),
  ]
}

const idOf = (line: string) => String(JSON.parse(line).id)
