import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { recordingsFolder } from '../../infra/replay/recording.ts'
import { type DiskFault, failingDisk } from '../support/failing-disk.ts'
import { BridgeProcess } from './bridge-process.ts'
import { World } from './bridge-world.ts'

/** A recorded call has 86 events. */
export const eventsPerCall = 86

export interface Flow {
  calls: number
  /** Total number of call records; each call writes one of them. */
  cdrs: number
  /** Path of the bridge's program; a bundle starts faster than the sources. */
  program?: string
}

export interface FlowResult {
  wasKilled: boolean
  /** Exit statuses of bridges that exited by themselves. */
  ended: (number | null)[]
  cdrs: number
  /** Call records that arrived more than once. */
  doubles: number
  /** Messages that SQS accepted. */
  messages: number
  /** Whether the last bridge kept its connection to Asterisk. */
  heldLink: boolean
}

/**
 * Sends calls and call records through a bridge whose disk has a fault, and starts it again on a working disk whenever it
 * exits. The fault concerns all files of the state folder unless it has a `path`. Resolves when everything is in the queue;
 * throws if something is missing or different.
 */
export async function flowThrough(flow: Flow, fault: Omit<DiskFault, 'path'> & { path?: string }): Promise<FlowResult> {
  // A call in 8 ms: slow enough for many writes, since simultaneous facts share one.
  await using world = await World.start({ speed: 300 })
  const config = await world.configFile()
  const path = join(world.folder, 'state')
  let isOver = false
  let wasKilled = false
  const ended: (number | null)[] = []
  let current = new BridgeProcess(config, { env: failingDisk({ path, ...fault }), program: flow.program })
  const supervised = (async () => {
    for (;;) {
      const { signal, status } = await current.ended
      if (isOver) return
      if (signal === null) ended.push(status)
      wasKilled ||= signal === 'SIGKILL'
      current = new BridgeProcess(config, { program: flow.program })
    }
  })()
  try {
    await current.logged('spool open')
    await play(world, flow, fault.at !== undefined || fault.syncAt !== undefined)
    await settled(world)
    const heldLink = !current.stdout.includes('"event":"ari disconnected"')
    return { wasKilled, ended, ...judge(world, await cdrLines(world)), messages: world.queues.messages, heldLink }
  } catch (error) {
    throw new Error(`fault ${JSON.stringify(fault)}`, { cause: error })
  } finally {
    isOver = true
    current.kill('SIGKILL')
    await supervised
  }
}

/**
 * `isApart`: each call waits until the bridge has sent something of the one before. Facts of several calls share a write on a
 * slow machine, so that without this the bridge might never come to the write that fails.
 */
async function play(world: World, { calls, cdrs }: Flow, isApart: boolean): Promise<void> {
  const [sample = ''] = (await readFile(join(recordingsFolder, 'cdr_adv_sample.jsonl'), 'utf8')).split('\n')
  const row = JSON.parse(sample)
  const each = Math.ceil((cdrs - calls) / calls)
  let left = cdrs - calls
  for (let call = 0; call < calls; call += 1) {
    const lines = Array.from({ length: Math.min(each, left) }, (_, index) =>
      JSON.stringify({ ...row, uniqueid: 'pbx1-1795460594.99', sequence: left - index }),
    )
    left -= lines.length
    if (lines.length > 0) await appendFile(world.replay.cdrFile, `${lines.join('\n')}\n`)
    const before = world.queues.messages
    await world.replay.playOnce('internal_answered')
    if (isApart) await world.until('a message of the call', () => world.queues.messages > before)
  }
}

async function cdrLines(world: World): Promise<string[]> {
  return (await readFile(world.replay.cdrFile, 'utf8')).trimEnd().split('\n')
}

async function settled(world: World): Promise<void> {
  const lines = await cdrLines(world)
  const ids = () => new Set(world.queues.of('switchhook.cdr.v1').map(({ id }) => id))
  await world.until('every call record', () => ids().size >= lines.length)
  await world.until('every phone idle and no call live', () => isIdle(world))
}

function newest(world: World, type: 'switchhook.call.v1' | 'switchhook.endpoint.v1') {
  const states = new Map<string, { v: string; data: { state?: unknown; deviceState?: unknown } }>()
  for (const { subject, v, data } of world.queues.of(type)) {
    if (v > (states.get(subject)?.v ?? '')) states.set(subject, { v, data })
  }
  return states
}

function isIdle(world: World): boolean {
  const [ready] = world.queues.of('switchhook.epoch-ready.v1').sort((a, b) => (a.v < b.v ? 1 : -1))
  const calls = [...newest(world, 'switchhook.call.v1').values()]
  const endpoints = newest(world, 'switchhook.endpoint.v1')
  return (
    ready !== undefined &&
    // Calls of earlier epochs ended because the last epoch does not list them.
    calls.every(({ v, data }) => data.state === 'ended' || v < ready.v) &&
    ['PJSIP/5860', 'PJSIP/5861'].every((name) => endpoints.get(name)?.data.deviceState === 'NOT_INUSE')
  )
}

/** Throws unless every line of the file arrived as written, duplicates are identical and the numbers of an epoch have no hole. */
function judge(world: World, lines: string[]): { cdrs: number; doubles: number } {
  const lineOf = new Map<string, string>()
  const counts = new Map<string, Set<number>>()
  for (const { event, line } of world.queues.events) {
    if ((lineOf.get(event.id) ?? line) !== line) throw new Error(`${event.id} has two different contents`)
    lineOf.set(event.id, line)
    if (event.type !== 'switchhook.endpoint.v1' && event.type !== 'switchhook.call.v1') continue
    const key = `${event.type} ${event.v.slice(0, 10)}`
    counts.set(key, (counts.get(key) ?? new Set()).add(event.k))
  }
  for (const [key, found] of counts) {
    if (Math.max(...found) !== found.size) throw new Error(`${key}: ${found.size} facts of ${Math.max(...found)}`)
  }
  const cdrs = world.queues.of('switchhook.cdr.v1')
  const rows = new Map(cdrs.map(({ id, data }) => [id, data.raw ?? JSON.stringify(data.cdr)]))
  const written = new Set(lines)
  const strange = [...rows.values()].filter((row) => !written.has(row))
  if (rows.size !== lines.length || strange.length > 0) {
    throw new Error(`${rows.size} call records of ${lines.length}, ${strange.length} of them not as written`)
  }
  return { cdrs: rows.size, doubles: cdrs.length - rows.size }
}
