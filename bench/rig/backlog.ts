import { cp, open, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Packer } from '../../bridge/forward/pack.ts'
import { readSigningKey } from '../../bridge/forward/signing-key.ts'
import { PbxState } from '../../bridge/normalise/pbx-state.ts'
import type { Publication } from '../../bridge/normalise/stamp.ts'
import { Counters } from '../../bridge/operate/counters.ts'
import { prepareStateFolder } from '../../bridge/operate/state-folder.ts'
import { Pipeline } from '../../bridge/pipeline.ts'
import { Spool } from '../../bridge/spool/spool.ts'
import { type Figure, median, quantile } from '../figure.ts'
import type { Rig } from './rig.ts'
import { type Way, wayToSqs } from './way-to-sqs.ts'

/** The same backlog again and again, since one drains in seconds: over a hundred events are followed, as a p99 asks for. */
const drains = 15
/** Events followed on an idle lane beside each, about as many: a disk has better minutes and worse ones. */
const idleEvents = 25

/** A day's cut: a spool full of facts, sent while news goes on; against parsing and packing the same lines and nothing else. */
export async function measureBacklog(rig: Rig, facts: number): Promise<Figure[]> {
  const lines = await fillSpool(rig, facts)
  const backlogs = Array.from({ length: drains }, (_, n) => `backlog-${n}`)
  for (const name of backlogs) await copyBacklog(path.join(rig.folder, 'backlog'), path.join(rig.folder, name))
  const rates: number[] = []
  const ways: number[] = []
  const idle: number[] = []
  const bareRates: number[] = []
  for (const [n, name] of backlogs.entries()) {
    // Beside the others, since a processor too has better minutes and worse ones.
    if (n % 4 === 0) bareRates.push(lines.length / (await parseAndPack(rig, lines)))
    const drained = await drain(rig, name)
    rates.push(drained.rate)
    ways.push(...drained.ways)
    idle.push(...(await idleWay(rig)))
  }
  const ratioTo = 'parse and pack alone'
  return [
    { name: `backlog of ${facts} facts`, value: median(rates), unit: 'facts/s' },
    { name: 'drain of a backlog', value: median(rates) / median(bareRates), unit: '', target: 'at least 0.4', ratioTo },
    {
      name: 'live p99 meanwhile',
      value: quantile(ways, 0.99) / quantile(idle, 0.99),
      unit: '',
      target: 'at most 2',
      ratioTo: 'live p99 without a backlog',
    },
    { name: 'events followed meanwhile', value: ways.length, unit: '' },
    { name: 'live p50 meanwhile', value: median(ways), unit: 'ms' },
    { name: 'live p50 without a backlog', value: median(idle), unit: 'ms' },
    { name: 'live p99 without a backlog', value: quantile(idle, 0.99), unit: 'ms' },
  ]
}

/** Sends a backlog: facts a second, and the way of the news that was sent before its end. */
async function drain(rig: Rig, name: string): Promise<{ rate: number; ways: number[] }> {
  const bridge = await rig.bridge(name)
  // What was sent while it started is not counted.
  const left = (await bridge.health()).components.spool.unsent
  const begun = Date.now()
  let endedMs = Number.POSITIVE_INFINITY
  const drained = (async () => {
    while ((await bridge.health()).components.spool.unsent > 500) await delay(100)
    endedMs = Date.now()
  })()
  const ways: Way[] = []
  while (endedMs === Number.POSITIVE_INFINITY) ways.push(...(await wayToSqs(rig, 12)))
  await drained
  await bridge.stop()
  await rm(path.join(rig.folder, name), { recursive: true })
  // After it, all that the backlog touched is told anew, in a burst that has its pace.
  const meanwhile = ways.filter(({ sentMs, ms }) => sentMs + ms < endedMs)
  return { rate: left / ((endedMs - begun) / 1000), ways: meanwhile.map(({ ms }) => ms) }
}

/** On the disk, as what the bridge wrote is, and before anything is timed: else its first fdatasync would wait for the copy. */
async function copyBacklog(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true })
  for (const entry of await readdir(to, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = await open(path.join(entry.parentPath, entry.name))
    await file.sync()
    await file.close()
  }
}

async function idleWay(rig: Rig): Promise<number[]> {
  const bridge = await rig.bridge('idle')
  const ways = await wayToSqs(rig, idleEvents)
  await bridge.stop()
  return ways.map(({ ms }) => ms)
}

async function fillSpool(rig: Rig, facts: number): Promise<string[]> {
  const folder = path.join(rig.folder, 'backlog')
  await prepareStateFolder(folder)
  const lines: string[] = []
  const spool = new Spool({
    folder: path.join(folder, 'spool'),
    bytesMax: 1024 ** 4,
    onDurable: (records) => lines.push(...records.map(({ payload }) => payload.toString())),
    onBroken: (error) => {
      throw error
    },
    onCount: () => undefined,
  })
  await spool.open()
  const nowMs = Date.now() - 3_600_000
  const stages = { site: 'bench', state: new PbxState(), spool, counters: new Counters(), nowMs: () => nowMs }
  const pipeline = new Pipeline(stages)
  pipeline.beginEpoch(1)
  for (let fact = 0; fact < facts; fact += 1) {
    const time = new Date(nowMs + fact).toISOString()
    while (!pipeline.publish(publication(fact, time), time)) await delay(1)
    if (fact % 2000 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  while (lines.length < facts) await delay(5)
  await spool.close()
  return lines
}

function publication(fact: number, since: string): Publication {
  const number = 6000 + (fact % 300)
  const deviceState = fact % 2 === 0 ? 'INUSE' : 'NOT_INUSE'
  const own = { endpoint: `PJSIP/${number}`, technology: 'PJSIP', resource: `${number}` }
  if (fact % 2 === 0) return { kind: 'endpoint', state: { ...own, deviceState, reachability: 'online', since } }
  const caller = { number: `${number}`, name: `Phone ${number}`, endpoint: own.endpoint }
  const call = `pbx1-${1_795_460_594 + Math.floor(fact / 12)}.${fact - (fact % 12)}`
  return { kind: 'call', state: { call, state: 'ringing', caller, dialled: '61', callees: [caller], startedAt: since } }
}

/** Seconds to parse and pack all of it in bodies of one billing step; that the lines are there as text and as bytes costs nothing. */
async function parseAndPack(rig: Rig, lines: string[]): Promise<number> {
  const packer = new Packer({
    site: 'bench',
    key: 'k1',
    sign: await readSigningKey(path.join(rig.folder, 'bridge.key')),
  })
  let ms = 0
  for (let at = 0; at < lines.length; ) {
    const some = lines.slice(at, at + 4000)
    const bytes = some.map((line) => Buffer.from(line))
    const begun = performance.now()
    const { count } = packer.pack('records', bytes)
    for (const line of some.slice(0, count)) JSON.parse(line)
    ms += performance.now() - begun
    at += count
  }
  return ms / 1000
}
