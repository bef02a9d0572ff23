import { spoolBytesMax, stateFolder, type World } from './model-bridge.ts'
import { linesOf, type ModelStore } from './model-store.ts'

/** The state of a simulation that `verdict` checks. */
export interface Evidence {
  world: World
  store: ModelStore
  /** The call records that Asterisk wrote, by key; the store must have the same. */
  written: ReadonlyMap<string, string>
  /** Lines of the CDR file that are not records; the quarantine must have them. */
  malformedLines: readonly Buffer[]
  /** Ids of facts that were durable in the spool; the store must have them. */
  durableFacts: ReadonlySet<string>
  /** Facts whose record a fault of the disk has damaged: they may be lost. */
  excusedLosses: readonly string[]
  /** Number of facts in the spool that are not sent. */
  unsent: number
}

/** Returns each violated promise as a sentence; empty if all hold. */
export function verdict(evidence: Evidence): string[] {
  return [records, presence, facts, durable, bounds].flatMap((check) => check(evidence))
}

function records({ world, store: { rows, faults: conflicts }, written }: Evidence): string[] {
  const refused = new Set(poisonedIds(world))
  const lost = [...written].filter(([id, row]) => rows.get(id) !== row && !refused.has(id))
  const invented = [...rows.keys()].filter((id) => !written.has(id))
  return [
    ...conflicts,
    ...lost.map(([id]) => `the record ${id} is ${rows.has(id) ? 'different in the store' : 'lost'}`),
    ...invented.map((id) => `the record ${id} is in the store but was never written`),
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

/** The facts of each kind are counted without holes: a missing count is a lost fact. */
function facts({ world, store, excusedLosses }: Evidence): string[] {
  const excused = new Map<string, number>()
  for (const line of new Set([...excusedLosses, ...world.queue.poisoned.flatMap(linesOf)])) {
    const { type, v = '' } = JSON.parse(line)
    const kind = `${type} ${v.slice(0, 10)}`
    excused.set(kind, (excused.get(kind) ?? 0) + 1)
  }
  return [...store.counts].flatMap(([kind, found]) => {
    const missing = Math.max(...found) - found.size
    return missing > (excused.get(kind) ?? 0) ? [`${missing} facts of ${kind} are lost`] : []
  })
}

function durable({ world, store, durableFacts, excusedLosses }: Evidence): string[] {
  const excused = new Set([...excusedLosses.map(idOf), ...poisonedIds(world)])
  const lost = [...durableFacts].filter((id) => !store.lines.has(id) && !excused.has(id))
  return lost.map((id) => `the fact ${id} was durable and is lost`)
}

function bounds({ world: { disk }, malformedLines, unsent }: Evidence): string[] {
  const files = disk.paths.filter((path) => path.includes('/quarantine/') && path.endsWith('.jsonl'))
  const kept = files.flatMap((path) => refusedIn(disk.content(path)))
  const missing = malformedLines.filter((line) => !kept.some((bytes) => bytes.equals(line.subarray(0, 1_048_576))))
  const segments = disk.paths.filter((path) => path.endsWith('.seg'))
  const spoolBytes = segments.reduce((sum, path) => sum + disk.content(path).length, 0)
  return [
    ...missing.map((line) => `a line of ${line.length} bytes is neither sent nor in ${stateFolder}/quarantine`),
    ...(spoolBytes > 2 * spoolBytesMax ? [`the spool holds ${spoolBytes} bytes`] : []),
    ...(unsent > 0 ? [`${unsent} facts were never sent`] : []),
  ]
}

/** The bytes of the records in a file of the quarantine. */
function refusedIn(file: Buffer): Buffer[] {
  const entries = file.toString('utf8').trimEnd().split('\n')
  return entries.map((entry) => {
    const { text, base64 } = JSON.parse(entry)
    return text === undefined ? Buffer.from(base64, 'base64') : Buffer.from(text)
  })
}

const idOf = (line: string) => String(JSON.parse(line).id)
