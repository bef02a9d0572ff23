import { appendFile, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { watch } from '../../bridge/top/command.ts'
import { parseMetrics } from '../support/prometheus.ts'
import { bridgeOf, cdrFileLines, distinctCdrs, ended, withCdrs } from './bridge-of-world.ts'
import { World } from './bridge-world.ts'

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
  const metrics = parseMetrics(await (await fetch(`http://127.0.0.1:${bridge.healthPort}/metrics`)).text())
  expect([...metrics.keys()]).toEqual(expect.arrayContaining(['switchhook_bridge_hop_duration_seconds']))
  const quarantined = metrics.get('switchhook_bridge_quarantined_total')?.samples ?? []
  expect(quarantined.filter(({ value }) => value > 0)).toMatchObject([
    { labels: { event: 'ari-frame-malformed' }, value: 4 },
    { labels: { event: 'cdr-line-malformed' }, value: 2 },
  ])
  const hops = metrics.get('switchhook_bridge_hop_duration_seconds')?.samples ?? []
  const measured = hops.filter(({ name, value }) => name.endsWith('_count') && value > 0)
  expect(measured.map(({ labels }) => labels['hop'])).toEqual(['asterisk', 'reduce', 'spool', 'live', 'records'])
  const shown: string[] = []
  const terminal = { isTTY: false, columns: 80, rows: 24, write: (text: string) => shown.push(text) }
  const once = { port: bridge.healthPort ?? 0, everyMs: 1, isOnce: true }
  await watch(once, terminal, new AbortController().signal)
  expect(shown.join('')).toMatch(/UP: all [\s\S]*^ari +up .*connected to Asterisk[\s\S]*^ari-frame-malformed +4/m)
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
