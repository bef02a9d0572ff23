import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { recordingsFolder } from '../../infra/replay/recording.ts'
import { FaultyQueue } from './bridge-faulty-queue.ts'
import { BridgeProcess } from './bridge-process.ts'
import { World } from './bridge-world.ts'

/*
 * Goal: kill -9 at any time loses no call record and no durable fact, and leaves presence right.
 * Method: a bridge process is killed repeatedly at random times while calls are played, call records are written and SQS is
 * slow, so that a kill hits every step between reading and acknowledging. At the end every line of Asterisk's file is in the
 * queue, and duplicates are identical.
 */

// Some bridges live for over a second, so that the spool has saved its acknowledgements.
const kills = 10
const recordsPerKill = 100

async function appendRecords(world: World, from: number): Promise<void> {
  const [sample = ''] = (await readFile(join(recordingsFolder, 'cdr_adv_sample.jsonl'), 'utf8')).split('\n')
  const lines = Array.from({ length: recordsPerKill }, (_, index) =>
    JSON.stringify({ ...JSON.parse(sample), uniqueid: 'pbx1-1795460594.99', sequence: from + index }),
  )
  for (const line of lines) await appendFile(world.replay.cdrFile, `${line}\n`)
}

test('a bridge that is killed at random times loses no fact and no call record, and what it sends twice is identical', async () => {
  await using world = await World.start({ speed: 10 })
  await using slow = new FaultyQueue(world.queues.endpoint, () => ({ kind: 'slow', ms: 100 }))
  const config = await world.configFile({ queues: await through(slow, world) })
  const seed = Math.floor(Math.random() * 2 ** 31)
  let state = seed
  const random = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return state / 0x80000000
  }
  for (let kill = 0; kill < kills; kill += 1) {
    await using bridge = new BridgeProcess(config)
    await bridge.logged('ari connected')
    expect(bridge.stderr, `seed ${seed}`).toBe('')
    const calls = Promise.all([world.replay.playOnce('internal_answered'), appendRecords(world, kill * recordsPerKill)])
    await new Promise((resolve) => setTimeout(resolve, random() ** 2 * 1800))
    bridge.kill('SIGKILL')
    await bridge.ended
    await calls
  }
  await using last = new BridgeProcess(config)
  await last.logged('ari connected')
  await world.replay.playOnce('internal_answered')
  const lines = (await readFile(world.replay.cdrFile, 'utf8')).trimEnd().split('\n')
  const rows = () => new Map(world.queues.of('switchhook.cdr.v1').map(({ id, data }) => [id, JSON.stringify(data.cdr)]))
  await world.until('every call record', () => rows().size >= lines.length)
  const lastEpoch = /"epoch":(\d+)/.exec(last.stdout)?.[1] ?? '?'
  await world.until('the last call has ended', () => {
    // Sorted by version, since late facts of earlier epochs may arrive last.
    const call = world.queues
      .of('switchhook.call.v1')
      .sort((x, y) => (x.v < y.v ? -1 : 1))
      .at(-1)
    return call?.data.state === 'ended' && call.v.startsWith(lastEpoch)
  })

  expect([...rows().values()].sort(), `seed ${seed}`).toEqual(lines.sort())
  const lineOf = new Map<string, string>()
  for (const { event, line } of world.queues.events) {
    expect(lineOf.get(event.id) ?? line, `seed ${seed}`).toBe(line)
    lineOf.set(event.id, line)
  }
  expectDenseCounts(world)
  expect(world.queues.of('switchhook.gap.v1').length).toBeGreaterThan(kills / 2)
  for (const endpoint of ['PJSIP/5860', 'PJSIP/5861']) expect(presentState(world, endpoint)).toBe('NOT_INUSE')
})

test('the bridge keeps sending call records after the process that reads its log has exited', async () => {
  await using world = await World.start({ speed: 10 })
  await using bridge = new BridgeProcess(await world.configFile())
  await bridge.logged('ari connected')
  bridge.leaveLog()
  for (let batch = 1; batch <= 3; batch += 1) {
    await appendRecords(world, batch * recordsPerKill)
    const isThere = () => world.queues.of('switchhook.cdr.v1').length >= batch * recordsPerKill
    await world.until(`batch ${batch} of records`, isThere)
  }
})

async function through(slow: FaultyQueue, world: World): Promise<World['queues']['urls']> {
  const endpoint = await slow.start()
  process.env['AWS_ENDPOINT_URL_SQS'] = endpoint
  const { live, records, commands } = world.queues.urls
  const url = (direct: string) => direct.replace(world.queues.endpoint, endpoint)
  return { live: url(live), records: url(records), commands: url(commands) }
}

/** The device state of the newest fact of an endpoint. */
function presentState(world: World, endpoint: string): string | undefined {
  const facts = world.queues.of('switchhook.endpoint.v1').filter(({ subject }) => subject === endpoint)
  return facts.sort((a, b) => (a.v < b.v ? -1 : 1)).at(-1)?.data.deviceState
}

/** Within an epoch the numbers of sent facts have no hole: every fact before a sent one is durable, so it is sent too. */
function expectDenseCounts(world: World): void {
  const counts = new Map<string, Set<number>>()
  for (const { event } of world.queues.events) {
    if (event.type !== 'switchhook.endpoint.v1' && event.type !== 'switchhook.call.v1') continue
    const key = `${event.type} ${event.v.slice(0, 10)}`
    counts.set(key, (counts.get(key) ?? new Set()).add(event.k))
  }
  for (const [key, found] of counts) expect(Math.max(...found), key).toBe(found.size)
}
