import { readFileSync } from 'node:fs'
import { readFrame } from '../../bridge/normalise/frames.ts'
import { PbxState } from '../../bridge/normalise/pbx-state.ts'
import { type Publication, Stamp } from '../../bridge/normalise/stamp.ts'
import type { BridgeEvent } from '../../contracts/events.ts'
import { paceMsMin } from '../../contracts/limits.ts'
import { pushSite } from '../../functions/queues/push-presence/push-site.ts'
import { Tombstones } from '../../functions/queues/push-presence/tombstones.ts'
import { ConnectionStore } from '../../functions/stores/connections.ts'
import { PresenceStore } from '../../functions/stores/presence.ts'
import { SiteStore } from '../../functions/stores/sites.ts'
import { Chance } from '../../test/simulate/presence/chance.ts'
import { quietly } from '../../test/simulate/presence/quietly.ts'
import { documentClientOver, MemoryTable } from '../../test/simulate/presence/table.ts'

const site = 'office'
const subscribers = 50
const extensions = 500
/** API Gateway meters a message in pieces of 32 KB. */
const pieceBytes = 32_768
const startMs = Date.parse('2026-11-24T08:00:00.000Z')

export interface Billed {
  calls: number
  /** What the facts would cost, each posted by itself, and what was billed. */
  oneAChange: number
  billed: number
}

interface Due {
  atMs: number
  publication: Publication
}

/** One recorded call's facts, with when after its beginning each came. */
function recordedCall(): Due[] {
  const state = new PbxState()
  const due: Due[] = []
  for (const line of readFileSync('test/recordings/internal_answered.jsonl', 'utf8').trim().split('\n')) {
    const read = readFrame(Buffer.from(line))
    if (read.kind !== 'event') continue
    const time = String(read.event.timestamp)
    for (const publication of state.apply(read.event, time)) due.push({ atMs: Date.parse(time), publication })
  }
  const first = Math.min(...due.map(({ atMs }) => atMs))
  return due.map(({ atMs, publication }) => ({ atMs: atMs - first, publication }))
}

/** The same call between two other extensions of many. */
function between(publication: Publication, n: number, [a, b]: [number, number]): Publication {
  const text = JSON.stringify(publication)
    .replaceAll('5860', `e${a}`)
    .replaceAll('5861', `e${b}`)
    .replaceAll(/pbx1-\d+\.\d+/g, `pbx1-${n}.0`)
  return JSON.parse(text)
}

/** Calls at random times, through the bridge's pace and the functions' own fold and fan-out to 50 subscribers of everything. */
export async function billedMessages(callsPerSecond: number, seconds: number): Promise<Billed> {
  const chance = new Chance(1)
  const call = recordedCall()
  const calls = Math.round(callsPerSecond * seconds)
  const due = Array.from({ length: calls }, (_, n): Due[] => {
    const begun = startMs + chance.between(0, seconds * 1_000)
    const a = Math.floor(chance.between(0, extensions))
    const ends: [number, number] = [a, (a + 1 + Math.floor(chance.between(0, extensions - 1))) % extensions]
    return call.map(({ atMs, publication }) => ({ atMs: begun + atMs, publication: between(publication, n, ends) }))
  })
    .flat()
    .sort((x, y) => x.atMs - y.atMs)
  const cloud = await openCloud()
  const stamp = new Stamp(site, 1)
  let sentMs = 0
  let waiting: BridgeEvent[] = []
  let leavesMs = 0
  for (const { atMs, publication } of due) {
    if (waiting.length > 0 && atMs > leavesMs) {
      await cloud.push(waiting.splice(0), leavesMs)
      sentMs = leavesMs
    }
    if (waiting.length === 0) leavesMs = Math.max(atMs, sentMs + paceMsMin)
    waiting.push(stamp.event(publication, new Date(atMs).toISOString()))
  }
  if (waiting.length > 0) await cloud.push(waiting, leavesMs)
  waiting = []
  return { calls, oneAChange: due.length * subscribers, billed: cloud.billed() }
}

async function openCloud() {
  const table = new MemoryTable()
  const db = documentClientOver(async (command) => table.carryOut(command))
  const connections = new ConnectionStore(db, 'live')
  const row = { site, keyId: 'k', scopes: ['presence:read', 'presence:personal'] }
  for (let n = 0; n < subscribers; n += 1) {
    for (const topic of ['endpoints', 'calls'] as const) await connections.subscribe(`c${n}`, row, topic, startMs)
  }
  let billed = 0
  let nowMs = startMs
  const pushing = {
    presence: new PresenceStore(db, 'live'),
    epochs: new SiteStore(db, 'live'),
    tombstones: new Tombstones(),
    connections,
    placed: { applyFact: async () => true },
    timeLines: { put: async () => undefined },
    recordLastSeen: async () => ({ isBack: false }),
    pacing: { adjust: async () => paceMsMin },
    chunks: { send: async () => undefined },
    sockets: {
      async post(_id: string, frame: string) {
        billed += Math.ceil(Buffer.byteLength(frame) / pieceBytes)
        return 'sent' as const
      },
    },
    now: () => nowMs,
    wait: async () => undefined,
    random: () => 0,
  }
  return {
    billed: () => billed,
    async push(events: BridgeEvent[], atMs: number) {
      nowMs = atMs
      const lines = events.map((event, line) => ({ line, event }))
      const message = { messageId: 'm', body: '', site, key: 'k', sentAt: atMs, lines }
      if (!(await quietly(() => pushSite(site, [message], pushing)))) throw new Error('a batch failed')
    },
  }
}
