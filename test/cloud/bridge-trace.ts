import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openAriLink } from '../../bridge/asterisk/ari-listener.ts'
import { assemble } from '../../bridge/bridge.ts'
import { openConnections } from '../../bridge/connections.ts'
import { realClock } from '../../bridge/operate/clock.ts'
import { Counters } from '../../bridge/operate/counters.ts'
import { createLog } from '../../bridge/operate/log.ts'
import { Durations } from '../../bridge/operate/metrics/durations.ts'
import { realDisk } from '../../bridge/spool/disk.ts'
import { World } from './bridge-world.ts'

/*
 * Prints, for one event about an endpoint and one about a call, the files of which a function was called between the frame and
 * SQS's answer. It runs in a process of its own, since the coverage would also count functions that a test runner adds.
 */
const root = path.resolve(import.meta.dirname, '../..')
const recording = readFileSync(path.join(root, 'test/recordings/internal_answered.jsonl'), 'utf8').split('\n')
const frameOf = (type: string) => recording.find((line) => line.includes(`"type":"${type}"`)) ?? ''
/** Longer than the pace of the lane and than the time after which the spool saves an acknowledgement. */
const quietMs = 1500

async function calledFiles(session: Session): Promise<string[]> {
  const { result } = await session.post('Profiler.takePreciseCoverage')
  const called = result.filter(({ functions }) => functions.some(({ ranges }) => (ranges[0]?.count ?? 0) > 0))
  const files = called.flatMap(({ url }) => (url.startsWith('file:') ? path.relative(root, fileURLToPath(url)) : []))
  return [...new Set(files)].filter((file) => /^(bridge|contracts)\//.test(file)).sort()
}

await using world = await World.start()
await using undo = new AsyncDisposableStack()
const log = createLog({ level: 'error', write: console.error })
const operation = { counters: new Counters(), log, durations: new Durations(realClock) }
const config = world.config()
const connections = await openConnections(config, operation, undo)
const { site, stateFolder, ari, cdr } = config
const machine = { disk: realDisk, clock: realClock, link: await openAriLink(ari, undo) }
const environment = { site, stateFolder, run: randomUUID(), ari, cdr, ...machine }
const bridge = await assemble(environment, connections, operation, console.error)
const stop = new AbortController()
const connected = Promise.withResolvers<void>()
const running = [bridge.intake.run(stop.signal, connected.resolve), bridge.lanes.run(stop.signal)]
await connected.promise
const session = new Session()
session.connect()
await session.post('Profiler.enable')
await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })

async function trace(type: string): Promise<string[]> {
  await delay(quietMs)
  const sent = operation.counters.get('sent-live')
  await calledFiles(session)
  world.replay.sendRaw(frameOf(type))
  while (operation.counters.get('sent-live') === sent) await delay(1)
  return calledFiles(session)
}

const traced = { device: await trace('DeviceStateChanged'), call: await trace('ChannelCreated') }
stop.abort()
await Promise.all(running)
await bridge.spool.close()
console.log(JSON.stringify(traced))
