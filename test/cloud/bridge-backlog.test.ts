import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import * as v from 'valibot'
import { expect, test } from 'vitest'
import { startBridge } from '../../bridge/lifecycle.ts'
import { PbxState } from '../../bridge/normalise/pbx-state.ts'
import { Counters } from '../../bridge/operate/counters.ts'
import { createLog } from '../../bridge/operate/log.ts'
import { prepareStateFolder } from '../../bridge/operate/state-folder.ts'
import { Pipeline } from '../../bridge/pipeline.ts'
import { Spool } from '../../bridge/spool/spool.ts'
import { PackedBody } from '../../contracts/packed-body.ts'
import { FaultyQueue } from './bridge-faulty-queue.ts'
import { site, World } from './bridge-world.ts'

/** Two hours of a busy PBX at 14 facts a second: an outage of a day, scaled down. */
const facts = 100_000

/** What SQS takes for each batch of the backlog, so that most of it waits when a call begins, on a slow machine too. */
const slowMs = 200

/** Fills a spool as a bridge does while SQS is unreachable; returns the lines. */
async function spoolFacts(folder: string): Promise<string[]> {
  await prepareStateFolder(folder)
  const lines: string[] = []
  const spool = new Spool({
    folder: join(folder, 'spool'),
    onDurable: (records) => lines.push(...records.map(({ payload }) => payload.toString())),
    onBroken: (error) => {
      throw error
    },
    onCount: () => undefined,
  })
  await spool.open()
  const begunMs = Date.now() - 7_200_000
  const stages = { site, state: new PbxState(), spool, counters: new Counters(), nowMs: () => begunMs }
  const pipeline = new Pipeline(stages)
  pipeline.beginEpoch(1)
  for (let fact = 0; fact < facts; fact += 1) {
    const since = new Date(begunMs + fact * 70).toISOString()
    const resource = `${6000 + (fact % 300)}`
    const deviceState = fact % 600 < 300 ? 'INUSE' : 'NOT_INUSE'
    const phone = { endpoint: `PJSIP/${resource}`, technology: 'PJSIP', resource, deviceState }
    while (!pipeline.publish({ kind: 'endpoint', state: { ...phone, reachability: 'online', since } }, since)) {
      await delay(1)
    }
  }
  await expect.poll(() => lines.length).toBe(facts)
  await spool.close()
  return lines
}

test('fault 9: after a long outage, sends new facts before the backlog, and each fact of the backlog exactly once', async () => {
  await using world = await World.start({ speed: 300 })
  const lines = await spoolFacts(join(world.folder, 'state'))
  const log = createLog({ level: 'info', write: () => undefined })
  let isSlow = true
  await using slow = new FaultyQueue(world.queues.endpoint, ([body = '']) =>
    isSlow && v.parse(PackedBody, JSON.parse(body)).lane === 'records' ? { kind: 'slow', ms: slowMs } : undefined,
  )
  const endpoint = await slow.start()
  process.env['AWS_ENDPOINT_URL_SQS'] = endpoint
  const urls = Object.entries(world.queues.urls).map(([name, url]) => [
    name,
    url.replace(world.queues.endpoint, endpoint),
  ])
  const config = world.config({ health: { port: 0 }, queues: Object.fromEntries(urls) })
  await using bridge = await startBridge(config, { log })
  const sentLive = () => bridge.health().counters['sent-live'] ?? 0
  const waiting = () => bridge.health().components['spool']?.['unsent']
  // First the facts of the new connection, then a call.
  await expect.poll(sentLive, { interval: 1 }).toBeGreaterThan(0)
  const before = sentLive()
  const played = world.replay.playOnce('internal_answered')
  await expect.poll(sentLive, { interval: 1 }).toBeGreaterThan(before)
  expect(waiting()).toBeGreaterThan(1000)
  isSlow = false
  await played

  const late = () =>
    world.queues.events.filter(({ lane, event }) => lane === 'records' && event.type !== 'switchhook.cdr.v1')
  await world.until('all that waited', () => late().length >= facts)
  expect(
    late()
      .map(({ line }) => line)
      .sort(),
  ).toEqual(lines.sort())
  await world.until('the call', () => world.queues.of('switchhook.call.v1').some(({ data }) => data.state === 'ended'))
})
