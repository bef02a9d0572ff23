import dns from 'node:dns'
import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Sender } from '../../bridge/forward/sender.ts'
import { recordingsFolder } from '../../infra/replay/recording.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { seeded } from '../support/unreliable.ts'
import { BridgeProcess } from './bridge-process.ts'
import { World } from './bridge-world.ts'
import { stubQueue } from './stub-queue.ts'

/*
 * Goal: a cut, half-open, slow or flaky network connection on either side of the bridge loses no call record, and presence
 * is correct after it (faults 9 to 14 and 26).
 * Method: a bridge process whose connections pass through a TCP proxy of the test.
 */

async function ariLink(world: World): Promise<TcpProxy> {
  return TcpProxy.to(Number(new URL(world.replay.ariUrl).port))
}

async function queueLink(world: World, flaws?: Parameters<typeof TcpProxy.to>[1]) {
  const proxy = await TcpProxy.to(Number(new URL(world.queues.endpoint).port), flaws)
  const { live, records, commands } = world.queues.urls
  const queues = { live: proxy.through(live), records: proxy.through(records), commands: proxy.through(commands) }
  process.env['AWS_ENDPOINT_URL_SQS'] = proxy.through(world.queues.endpoint)
  return { proxy, queues }
}

let sequence = 0
async function appendRecords(world: World, count: number): Promise<void> {
  const [sample = ''] = (await readFile(join(recordingsFolder, 'cdr_adv_sample.jsonl'), 'utf8')).split('\n')
  const lines = Array.from({ length: count }, () => {
    sequence += 1
    return JSON.stringify({ ...JSON.parse(sample), uniqueid: 'pbx1-1795460594.99', sequence })
  })
  await appendFile(world.replay.cdrFile, `${lines.join('\n')}\n`)
}

const recordsArrived = (world: World) => new Set(world.queues.of('switchhook.cdr.v1').map(({ id }) => id)).size

async function untilAllArrived(world: World, msMax = 120_000): Promise<void> {
  const lines = (await readFile(world.replay.cdrFile, 'utf8')).trimEnd().split('\n').filter(Boolean)
  await world.until('every call record', () => recordsArrived(world) >= lines.length, msMax)
  expect(recordsArrived(world)).toBe(lines.length)
  await world.until('both phones idle', () => {
    const newest = (name: string) =>
      world.queues
        .of('switchhook.endpoint.v1')
        .filter(({ subject }) => subject === name)
        .sort((a, b) => (a.v < b.v ? 1 : -1))[0]?.data.deviceState
    return newest('PJSIP/5860') === 'NOT_INUSE' && newest('PJSIP/5861') === 'NOT_INUSE'
  })
}

test('fault 10: notices a half-open connection to Asterisk within 16 s, publishes a gap and resynchronises', async () => {
  await using world = await World.start({ speed: 300 })
  await using link = await ariLink(world)
  const ari = { url: link.through(world.replay.ariUrl), user: 'bridge', password: 'a-secret-of-the-test' }
  await using bridge = new BridgeProcess(await world.configFile({ ari }))
  await bridge.logged('ari connected')
  await world.replay.playOnce('internal_answered')
  await untilAllArrived(world)
  link.link = 'half-open'
  const begun = Date.now()
  // The bridge sees no events of these two calls, only their call records.
  for (let call = 0; call < 2; call += 1) await world.replay.playOnce('internal_answered')
  await bridge.logged('ari disconnected')
  expect(Date.now() - begun).toBeLessThan(16_000)
  link.link = 'up'
  await world.until('the gap', () => world.queues.of('switchhook.gap.v1').length > 0)
  const [gap] = world.queues.of('switchhook.gap.v1')
  expect(gap?.data.reason).toMatch(/^no answer to (pings|requests)$/)
  expect(Date.parse(gap?.data.from ?? '')).toBeLessThanOrEqual(begun + 1000)
  await untilAllArrived(world)
})

test('faults 9 and 11: loses nothing if the connection to SQS is half-open and then cut', async () => {
  await using world = await World.start({ speed: 300 })
  const { proxy, queues } = await queueLink(world)
  await using link = proxy
  await using bridge = new BridgeProcess(await world.configFile({ queues }))
  await bridge.logged('ari connected')
  await appendRecords(world, 10)
  await untilAllArrived(world)
  link.link = 'half-open'
  await appendRecords(world, 100)
  await world.replay.playOnce('internal_answered')
  // The request times out after 10 s and is sent again with the same ids.
  await bridge.logged('queue-unavailable')
  link.link = 'cut'
  for (let call = 0; call < 10; call += 1) await world.replay.playOnce('internal_answered')
  await appendRecords(world, 500)
  link.link = 'up'
  await untilAllArrived(world)
})

test('faults 12 and 13: loses nothing if the connection to SQS has 200 ms delay and is reset at 1 % of its chunks', async () => {
  await using world = await World.start({ speed: 300 })
  const flaws = { delayMs: 200, pieceBytes: 4096, resets: 0.01, random: seeded(11) }
  const { proxy, queues } = await queueLink(world, flaws)
  await using link = proxy
  await using bridge = new BridgeProcess(await world.configFile({ queues }))
  await bridge.logged('ari connected')
  for (let turn = 0; turn < 6 || link.resets === 0; turn += 1) {
    await appendRecords(world, 300)
    await world.replay.playOnce('internal_answered')
    await untilAllArrived(world)
  }
  expect(link.resets).toBeGreaterThan(0)
})

test('fault 14: looks up the host name of SQS again after it was not found, and after its address stopped answering', async () => {
  await using it = await stubQueue(Date.now, 'sqs.switchhook.test')
  const real = dns.lookup
  let address: string | undefined
  let lookups = 0
  const lookup = (_name: string, options: { all?: boolean }, done: (...answer: unknown[]) => void) => {
    lookups += 1
    if (address === undefined) done(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }))
    else if (options.all) done(null, [{ address, family: 4 }])
    else done(null, address, 4)
  }
  Object.assign(dns, { lookup })
  const sender = new Sender('eu-west-3', { credentials: { accessKeyId: 'k', secretAccessKey: 's' } })
  const send = () => sender.send(it.queueUrl, ['a'])
  try {
    await expect(send()).rejects.toMatchObject({ errorId: 'queue-unavailable' })
    // Nothing listens at this address, as at that of a replaced machine.
    address = '127.0.0.2'
    await expect(send()).rejects.toMatchObject({ errorId: 'queue-unavailable' })
    address = '127.0.0.1'
    expect(await send()).toEqual([{ kind: 'accepted' }])
    expect(lookups).toBe(3)
  } finally {
    Object.assign(dns, { lookup: real })
    sender.stop()
  }
})

test('fault 26: a bridge that is paused during a flood of events continues with bounded memory and the correct state', async () => {
  await using world = await World.start({ speed: 1_000_000 })
  await using link = await ariLink(world)
  const ari = { url: link.through(world.replay.ariUrl), user: 'bridge', password: 'a-secret-of-the-test' }
  await using bridge = new BridgeProcess(await world.configFile({ ari }))
  await bridge.logged('ari connected')
  bridge.kill('SIGSTOP')
  const stoppedMs = Date.now()
  // 17,000 events, of which 4,000 pass the filter.
  for (let call = 0; call < 200; call += 1) await world.replay.playOnce('internal_answered')
  bridge.kill('SIGCONT')
  await untilAllArrived(world)
  expect(await bridge.residentMb()).toBeLessThan(250)

  // Asterisk closes a socket that reads nothing for a minute; the events until the reconnection are a gap.
  bridge.kill('SIGSTOP')
  for (let call = 0; call < 200; call += 1) await world.replay.playOnce('internal_answered')
  link.link = 'cut'
  link.link = 'up'
  bridge.kill('SIGCONT')
  await world.until('the gap', () => world.queues.of('switchhook.gap.v1').length > 0)
  const [gap] = world.queues.of('switchhook.gap.v1')
  expect(Date.parse(gap?.data.from ?? '')).toBeGreaterThanOrEqual(stoppedMs)
  expect(Date.parse(gap?.data.to ?? '')).toBeGreaterThanOrEqual(Date.parse(gap?.data.from ?? ''))
  await untilAllArrived(world)
  expect(await bridge.residentMb()).toBeLessThan(250)
})
