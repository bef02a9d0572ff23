import { randomBytes } from 'node:crypto'
import { appendFile, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { expect, test } from 'vitest'
import type { Bridge } from '../../bridge/lifecycle.ts'
import { openBody, PackedBody } from '../../contracts/packed-body.ts'
import { recordingsFolder } from '../../infra/replay/recording.ts'
import { FaultyQueue } from './bridge-faulty-queue.ts'
import { bridgeOf, cdrFileLines, distinctCdrs, ended, withCdrs } from './bridge-of-world.ts'
import { World } from './bridge-world.ts'

/** Appends call records as a busy PBX does while the bridge is down; their random text needs many bodies. */
async function writeBacklog(world: World, count: number): Promise<void> {
  const [sample = ''] = (await readFile(join(recordingsFolder, 'cdr_adv_sample.jsonl'), 'utf8')).split('\n')
  const lines = Array.from({ length: count }, (_, sequence) =>
    JSON.stringify({ ...JSON.parse(sample), userfield: randomBytes(120).toString('hex'), sequence }),
  )
  await appendFile(world.replay.cdrFile, `${lines.join('\n')}\n`)
}

test('if SQS fails one entry of a batch, sends only that entry again', async () => {
  await using world = await World.start()
  await writeBacklog(world, 2000)
  const sent: string[][] = []
  let failed = ''
  await using faulty = new FaultyQueue(world.queues.endpoint, (bodies) => {
    sent.push(bodies)
    if (failed !== '' || bodies.length < 3) return undefined
    failed = bodies[1] ?? ''
    return { kind: 'entry', index: 1, senderFault: false, code: 'InternalError' }
  })
  await using _bridge = await bridgeThrough(world, faulty)
  await world.until('all call records', () => distinctCdrs(world).length === 2000)

  const timesSent = new Map<string, number>()
  for (const body of sent.flat()) timesSent.set(body, (timesSent.get(body) ?? 0) + 1)
  expect([...timesSent].filter(([, times]) => times !== 1)).toEqual([[failed, 2]])
  expect(world.queues.of('switchhook.cdr.v1')).toHaveLength(2000)
  expect(distinctCdrs(world)).toEqual((await cdrFileLines(world)).sort())
})

async function bridgeThrough(world: World, faulty: FaultyQueue): Promise<Bridge & { log: string[] }> {
  const endpoint = await faulty.start()
  const through = (url: string) => url.replace(world.queues.endpoint, endpoint)
  const { live, records, commands } = world.queues.urls
  process.env['AWS_ENDPOINT_URL_SQS'] = endpoint
  return bridgeOf(world, { queues: { live: through(live), records: through(records), commands: through(commands) } })
}

test('if the reply of SQS is lost, sends the batch again with the same ids, so that a consumer can deduplicate', async () => {
  await using world = await World.start()
  await using faulty = new FaultyQueue(world.queues.endpoint, (_bodies, call) =>
    call % 4 === 1 ? { kind: 'lost-reply' } : undefined,
  )
  await using _bridge = await bridgeThrough(world, faulty)
  for (const name of withCdrs) await world.replay.playOnce(name)
  const expected = await cdrFileLines(world)
  await world.until(
    'all call records',
    () => distinctCdrs(world).length === expected.length && ended(world).size === withCdrs.length,
  )
  expect(distinctCdrs(world)).toEqual(expected.sort())
  const lineOf = new Map<string, string>()
  let doubles = 0
  for (const { event, line } of world.queues.events) {
    doubles += lineOf.has(event.id) ? 1 : 0
    expect(lineOf.get(event.id) ?? line).toBe(line)
    lineOf.set(event.id, line)
  }
  expect(doubles).toBeGreaterThan(0)
})

test('retries after SQS answers with server errors, throttling or refused credentials, and loses nothing', async () => {
  await using world = await World.start()
  const errors = [
    { kind: 'status', status: 500, type: 'InternalFailure' },
    { kind: 'status', status: 400, type: 'com.amazonaws.sqs#RequestThrottled' },
    { kind: 'status', status: 403, type: 'ExpiredToken' },
    { kind: 'status', status: 400, type: 'com.amazonaws.sqs#QueueDoesNotExist' },
  ] as const
  const calls = { live: 0, records: 0 }
  await using faulty = new FaultyQueue(world.queues.endpoint, ([body = '']) => {
    const { lane } = v.parse(PackedBody, JSON.parse(body))
    calls[lane] += 1
    // On each lane two of three calls fail, each with the next error.
    return calls[lane] % 3 === 0 ? undefined : errors[calls[lane] % errors.length]
  })
  await using bridge = await bridgeThrough(world, faulty)
  for (const name of withCdrs) await world.replay.playOnce(name)
  const expected = await cdrFileLines(world)
  await world.until(
    'all call records',
    () => distinctCdrs(world).length === expected.length && ended(world).size === withCdrs.length,
  )
  expect(distinctCdrs(world)).toEqual(expected.sort())
  expect(bridge.health().counters['queue-unavailable']).toBeGreaterThan(2)
})

test('quarantines a message body that SQS rejects, and delivers the other bodies of the batch', async () => {
  await using world = await World.start()
  let refused = ''
  await using faulty = new FaultyQueue(world.queues.endpoint, (bodies, call) => {
    if (call !== 3) return undefined
    refused = bodies[0] ?? ''
    return { kind: 'entry', index: 0, senderFault: true, code: 'InvalidMessageContents' }
  })
  await using bridge = await bridgeThrough(world, faulty)
  await world.replay.playOnce('internal_answered')
  await world.until('one body is refused', () => bridge.health().counters['body-refused'] === 1)
  await world.replay.playOnce('internal_busy')
  await world.until('the call after it has ended', () =>
    world.queues.of('switchhook.call.v1').some(({ data }) => data.cause === 17),
  )
  expect(bridge.health().counters['body-refused']).toBe(1)
  const folder = join(world.folder, 'state', 'quarantine')
  const [name = ''] = await readdir(folder)
  expect(await readFile(join(folder, name), 'utf8')).toBe(refused)
  expect((await openBody(refused, async () => world.publicKey)).lines.length).toBeGreaterThan(0)
})
