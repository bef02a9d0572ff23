import { randomBytes } from 'node:crypto'
import { appendFile, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { expect, test } from 'vitest'
import { type Bridge, startBridge } from '../../bridge/lifecycle.ts'
import { createLog } from '../../bridge/operate/log.ts'
import { openBody, PackedBody } from '../../contracts/packed-body.ts'
import { recordingsFolder } from '../../infra/replay/recording.ts'
import { FaultyQueue } from './bridge-faulty-queue.ts'
import { World } from './bridge-world.ts'

const withCdrs = [
  'internal_answered',
  'internal_busy',
  'internal_cancelled',
  'trunk_out',
  'trunk_in',
  'click_to_call',
  'fork',
]

async function bridgeOf(world: World, overrides: Record<string, unknown> = {}): Promise<Bridge & { log: string[] }> {
  const lines: string[] = []
  const log = createLog({ level: 'info', write: (line) => lines.push(line) })
  return { ...(await startBridge(world.config({ health: { port: 0 }, ...overrides }), { log })), log: lines }
}

async function cdrFileLines(world: World): Promise<string[]> {
  return (await readFile(world.replay.cdrFile, 'utf8')).trimEnd().split('\n')
}

/** The call records after deduplication by id. */
function distinctCdrs(world: World): string[] {
  const rows = new Map(world.queues.of('switchhook.cdr.v1').map((event) => [event.id, JSON.stringify(event.data.cdr)]))
  return [...rows.values()].sort()
}

test('sends every fact and call record of seven calls, in order and once', async () => {
  await using world = await World.start()
  await using bridge = await bridgeOf(world)
  for (const name of withCdrs) await world.replay.playOnce(name)
  const expected = await cdrFileLines(world)
  await world.until('all call records', () => world.queues.of('switchhook.cdr.v1').length >= expected.length)
  await world.until('all calls ended', () => ended(world).size === withCdrs.length)

  expect(distinctCdrs(world)).toEqual(expected.sort())
  expect(world.queues.of('switchhook.cdr.v1')).toHaveLength(expected.length)
  const facts = world.queues.events.filter(({ lane }) => lane === 'live').map(({ event }) => event)
  expect(new Set(facts.map(({ id }) => id)).size).toBe(facts.length)
  for (const type of ['switchhook.endpoint.v1', 'switchhook.call.v1'] as const) {
    const counts = world.queues.of(type).map(({ k }) => k)
    expect(counts).toEqual(counts.map((_, index) => index + 1))
  }
  expect(new Set(world.queues.of('switchhook.call.v1').map(({ data }) => data.call))).toEqual(
    new Set(world.queues.of('switchhook.cdr.v1').map(({ data }) => data.cdr.linkedid)),
  )
  expect(bridge.log.join('')).not.toMatch(/0987654321|0123456789/)
})

function ended(world: World): Set<string> {
  const calls = world.queues.of('switchhook.call.v1').filter(({ data }) => data.state === 'ended')
  return new Set(calls.map(({ data }) => data.call))
}

test('if the connection to Asterisk breaks during a call, publishes a gap and then the current state under a new epoch', async () => {
  await using world = await World.start({ speed: 2 })
  await using bridge = await bridgeOf(world)
  const playing = world.replay.playOnce('internal_answered')
  await world.until('the call is answered', () =>
    world.queues.of('switchhook.call.v1').some(({ data }) => data.state === 'answered'),
  )
  const call = world.queues.of('switchhook.call.v1')[0]?.data.call ?? ''
  world.replay.cut()
  await world.until('a second epoch', () => world.queues.of('switchhook.epoch-ready.v1').length === 2)
  await playing
  await world.until(
    'the call has ended',
    () => ended(world).has(call) || world.queues.of('switchhook.epoch-ready.v1').at(-1)?.data.liveCalls.length === 0,
  )

  const [gap] = world.queues.of('switchhook.gap.v1')
  expect(gap?.data).toMatchObject({ reason: expect.stringContaining('closed by Asterisk') })
  expect(Date.parse(gap?.data.to ?? '')).toBeGreaterThanOrEqual(Date.parse(gap?.data.from ?? ''))
  const [first, second] = world.queues.of('switchhook.epoch-ready.v1')
  expect((second?.v ?? '') > (first?.v ?? '')).toBe(true)
  expect(second?.data.run).toBe(first?.data.run)
  expect(second?.data.endpoints).toHaveLength(4)
  const again = world.queues
    .of('switchhook.call.v1')
    .filter(({ v, data }) => v > (first?.v ?? '') && data.call === call)
  // REST does not report who was called and when they answered: it is kept from the earlier connection.
  expect(again.at(-1)?.data).toMatchObject({ caller: { number: '60' }, dialled: '61', callees: [{ number: '61' }] })
  expect(bridge.health().counters['ari-frame-malformed']).toBeUndefined()
})

test('counts malformed ARI frames and CDR lines, keeps their bytes in quarantine, and sends the next call record', async () => {
  await using world = await World.start()
  await using bridge = await bridgeOf(world)
  for (const frame of ['{"type":"Dial"}', 'not json', '{"type":"ChannelCreated","channel":{"id":7}}', '[]'])
    world.replay.sendRaw(frame)
  await appendFile(world.replay.cdrFile, '{"src":"60"}\n\0\0\0\n')
  await world.replay.playOnce('internal_answered')
  await world.until('the call record after the bad lines', () => world.queues.of('switchhook.cdr.v1').length === 1)

  const health = await (await fetch(`http://127.0.0.1:${bridge.healthPort}/healthz`)).json()
  expect(health).toMatchObject({ status: 'up', counters: { 'ari-frame-malformed': 4, 'cdr-line-malformed': 2 } })
  const folder = join(world.folder, 'state', 'quarantine')
  const kept = await Promise.all((await readdir(folder)).sort().map((name) => readFile(join(folder, name), 'utf8')))
  expect(kept).toEqual(expect.arrayContaining(['{"type":"Dial"}', 'not json']))
  const refused = kept.filter((text) => text.includes('"reason"')).flatMap((text) => text.trimEnd().split('\n'))
  expect(refused.map((entry) => JSON.parse(entry))).toEqual([
    { reason: 'no date, and no uniqueid that tells a time', text: '{"src":"60"}' },
    { reason: '1 columns in no order that Asterisk writes', text: '\0\0\0' },
  ])
  for (const name of await readdir(folder)) expect((await stat(join(folder, name))).mode & 0o077).toBe(0)
})

test('quarantines and counts overlong and malformed CDR lines and unknown events, and reports them in /healthz', async () => {
  await using world = await World.start()
  await using bridge = await bridgeOf(world)
  const odd = [
    Buffer.alloc(10 * 1024 * 1024, 'x'),
    Buffer.from([0x7b, 0xff, 0xfe, 0x00]),
    Buffer.from(Array(17).fill('a').join(',')),
    Buffer.from(Array(25).fill('a').join(',')),
  ]
  for (const line of odd) await appendFile(world.replay.cdrFile, Buffer.concat([line, Buffer.from('\n')]))
  for (let times = 0; times < 3; times += 1) world.replay.sendRaw('{"type":"ChannelTeleported","a":1}')
  await world.replay.playOnce('internal_answered')
  await world.until('the call record after the odd lines', () => world.queues.of('switchhook.cdr.v1').length === 1)
  const health = async () => (await fetch(`http://127.0.0.1:${bridge.healthPort}/healthz`)).json()
  await expect.poll(health).toMatchObject({
    status: 'up',
    // Four lines, and the first of three events of one unknown type.
    quarantined: 5,
    counters: { 'cdr-line-overlong': 1, 'cdr-line-malformed': 3, 'ari-event-unknown': 3 },
  })
  // A frame over the limit ends the connection, and the bridge resynchronises.
  world.replay.sendRaw(JSON.stringify({ type: 'x'.repeat(10 * 1024 * 1024) }))
  await expect.poll(health).toMatchObject({ status: 'up', counters: { 'ari-disconnected': 1 } })
})

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
