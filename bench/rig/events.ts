import path from 'node:path'
import { WebSocket } from 'ws'
import { diallingLink } from '../../bridge/asterisk/ari-socket.ts'
import { AriIntake } from '../../bridge/asterisk/intake.ts'
import { PbxState } from '../../bridge/normalise/pbx-state.ts'
import { Counters } from '../../bridge/operate/counters.ts'
import { createLog } from '../../bridge/operate/log.ts'
import { Pipeline } from '../../bridge/pipeline.ts'
import { Presence } from '../../bridge/presence.ts'
import { Quarantine } from '../../bridge/spool/quarantine.ts'
import { Spool } from '../../bridge/spool/spool.ts'
import { type Figure, median } from '../figure.ts'
import type { Rig } from './rig.ts'

const rounds = 5

/** Every event that Asterisk would send unfiltered, to durable facts, against `ws` that parses each and does nothing with it. */
export async function measureEvents(rig: Rig, events: number): Promise<Figure[]> {
  const plain: number[] = []
  const ours: number[] = []
  const oursFiltered: number[] = []
  const plainFiltered: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    rig.filter(false)
    plain.push(await receiveAndParse(rig, events))
    ours.push(await toDurable(rig, events, round))
    rig.filter(true)
    plainFiltered.push(await receiveAndParse(rig, events))
    oursFiltered.push(await toDurable(rig, events, round + rounds))
  }
  const ratio = (a: number[], b: number[]) => median(a) / median(b)
  const ratioTo = 'ws receive and JSON.parse'
  return [
    { name: 'ws receive and JSON.parse', value: median(plain), unit: 'events/s' },
    { name: 'ARI event to durable fact', value: ratio(ours, plain), unit: '', target: 'at least 1.0', ratioTo },
    {
      name: 'the same where Asterisk filters its noise',
      value: ratio(oursFiltered, plainFiltered),
      unit: '',
      ratioTo,
    },
  ]
}

/**
 * Events of the source a second of this process's CPU, which is what one core takes: by the clock both sides wait for the
 * source. Those that a filter kept at home count too; `seenMs` tells when what comes after all was seen.
 */
async function timed(rig: Rig, events: number, seenMs: (device: string) => number | undefined): Promise<number> {
  let begun = process.cpuUsage()
  const { number } = await rig.play({ events }, () => {
    begun = process.cpuUsage()
  })
  while (seenMs(`PJSIP/last-${number}`) === undefined) await new Promise((resolve) => setTimeout(resolve, 5))
  const { user, system } = process.cpuUsage(begun)
  return (events * 1_000_000) / (user + system)
}

/** When each of the devices that end a play was seen. */
class Lasts {
  readonly #seen = new Map<string, number>()
  look(text: string): void {
    const device = /PJSIP\/last-\d+/.exec(text)?.[0]
    if (device) this.#seen.set(device, performance.now())
  }
  seenMs = (device: string) => this.#seen.get(device)
}

async function receiveAndParse(rig: Rig, events: number): Promise<number> {
  const socket = new WebSocket(`${rig.ariUrl.replace('http', 'ws')}/events`, { perMessageDeflate: false })
  await new Promise((resolve) => socket.once('open', resolve))
  await fetch(`${rig.ariUrl}/applications/x/eventFilter`, { method: 'PUT' })
  const lasts = new Lasts()
  socket.on('message', (data: Buffer) => {
    const event = JSON.parse(data.toString('utf8'))
    if (event.device_state) lasts.look(event.device_state.name)
  })
  const rate = await timed(rig, events, lasts.seenMs)
  socket.close()
  return rate
}

/** The whole of the bridge's intake: nothing is left out but the lanes. */
async function toDurable(rig: Rig, events: number, round: number): Promise<number> {
  const folder = path.join(rig.folder, `intake-${round}`)
  const lasts = new Lasts()
  const spool = new Spool({
    folder,
    bytesMax: 1024 ** 4,
    onDurable: (records) => {
      for (const { payload } of records) if (payload.includes('PJSIP/last-')) lasts.look(payload.toString())
      spool.ack((records.at(-1)?.number ?? 0) + 1)
    },
    onBroken: (error) => {
      throw error
    },
    onCount: () => undefined,
  })
  await spool.open()
  const operation = { counters: new Counters(), log: createLog({ level: 'error', write: () => undefined }) }
  const state = new PbxState()
  const pipeline = new Pipeline({ ...operation, site: 'bench', state, spool, nowMs: Date.now })
  const presence = new Presence({
    ...operation,
    run: 'r',
    state,
    pipeline,
    takeEpoch: async () => 1,
    lastSeenMs: undefined,
    nowMs: Date.now,
    monotonicMs: () => performance.now(),
  })
  const ari = { url: rig.ariUrl, user: 'bench', password: 'bench', application: 'x' }
  const intake = new AriIntake({
    ...operation,
    ari,
    link: diallingLink(ari),
    quarantine: new Quarantine(path.join(folder, 'quarantine')),
    onConnected: (snapshot, buffered, reason) => presence.connected(snapshot, buffered, reason),
    onEvent: pipeline.onEvent,
    differences: () => [],
    onReplayed: () => undefined,
    onDisconnected: () => undefined,
  })
  const stop = new AbortController()
  const connected = Promise.withResolvers<void>()
  const running = intake.run(stop.signal, connected.resolve)
  await connected.promise
  const rate = await timed(rig, events, lasts.seenMs)
  stop.abort()
  await running
  await spool.close()
  return rate
}
