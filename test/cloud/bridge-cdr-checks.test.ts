import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Bridge, startBridge } from '../../bridge/lifecycle.ts'
import { createLog } from '../../bridge/operate/log.ts'
import { listQuarantine, retryQuarantine, runQuarantine } from '../../bridge/quarantine-command.ts'
import { RefusedRecords, recordHash } from '../../bridge/spool/refused-records.ts'
import { makeCdr } from '../support/cdrs.ts'
import { World } from './bridge-world.ts'

/**
 * Goal: a CDR file that is absent or cannot be read stops neither presence nor other records, loses nothing, and says what to do.
 * Method: the bridge in this process, with an SQS emulator and a simulated Asterisk.
 */
const layout = 'src,dst,start,duration,billsec,disposition,uniqueid,linkedid,sequence'
const lineOf = (n: number) => {
  const { src, dst, start, duration, billsec, disposition, uniqueid, linkedid, sequence } = makeCdr(n)
  const time = start.slice(0, 19).replace('T', ' ')
  return `${[src, dst, time, duration, billsec, disposition, uniqueid, linkedid, sequence].join(',')}\n`
}
const ownLines = (count: number) => Array.from({ length: count }, (_, n) => lineOf(n)).join('')

async function bridgeOf(world: World, cdr: Record<string, unknown>): Promise<Bridge & { log: string[] }> {
  const lines: string[] = []
  const log = createLog({ level: 'info', write: (line) => lines.push(line) })
  return { ...(await startBridge(world.config({ cdr }), { log })), log: lines }
}

const checkOf = (bridge: Bridge, id: string) => bridge.health().checks.find((check) => check.id === id)

test('publishes presence while the CDR file is absent, and reads the file once Asterisk has created it', async () => {
  await using world = await World.start()
  const file = join(world.folder, 'cdr-custom', 'switchhook.csv')
  await using bridge = await bridgeOf(world, { file, zone: 'UTC' })
  await expect.poll(() => checkOf(bridge, 'cdr-file')).toMatchObject({ state: 'warning' })
  await world.until('presence', () => world.queues.of('switchhook.endpoint.v1').length > 0)
  expect(bridge.health().status).toBe('up')

  await mkdir(join(world.folder, 'cdr-custom'))
  await writeFile(file, `${JSON.stringify(makeCdr(1))}\n`)
  await world.until('the record', () => world.queues.of('switchhook.cdr.v1').length === 1)
  expect(checkOf(bridge, 'cdr-file')).toMatchObject({ state: 'ok', reason: expect.stringMatching(/^21 fields, JSON/) })
  expect(bridge.log.join('')).toContain('"check":"cdr-file","state":"ok"')
})

test('sends nothing of a CDR file in an unknown layout until the layout is configured, and still publishes presence', async () => {
  await using world = await World.start()
  const file = join(world.folder, 'own.csv')
  await writeFile(file, ownLines(700))
  {
    await using bridge = await bridgeOf(world, { file, zone: 'UTC' })
    await world.until('presence', () => world.queues.of('switchhook.endpoint.v1').length > 0)
    await expect.poll(() => checkOf(bridge, 'cdr-file')).toMatchObject({ state: 'failed' })
    expect(checkOf(bridge, 'cdr-file')?.repair).toContain('[mappings]')
    expect(bridge.health()).toMatchObject({ status: 'down', components: { cdrs: { status: 'down' } }, quarantined: 0 })
    expect(world.queues.of('switchhook.cdr.v1')).toEqual([])
  }
  await using bridge = await bridgeOf(world, { file, zone: 'UTC', layout })
  await world.until('all records', () => world.queues.of('switchhook.cdr.v1').length === 700)
  expect(bridge.health()).toMatchObject({ status: 'up', quarantined: 0 })
})

test('lists CDRs of an unknown layout in quarantine and sends them after the layout is configured, while the bridge runs', async () => {
  await using world = await World.start()
  const file = join(world.folder, 'mixed.csv')
  await writeFile(file, `${ownLines(600)}${JSON.stringify(makeCdr(900))}\n`)
  await using bridge = await bridgeOf(world, { file, zone: 'UTC' })
  await world.until('the record', () => world.queues.of('switchhook.cdr.v1').length === 1)
  await appendFile(file, '"a broken\n')
  await expect.poll(() => bridge.health()['quarantined'], { timeout: 10_000 }).toBe(601)
  await expect
    .poll(() => checkOf(bridge, 'cdr-quarantine'))
    .toMatchObject({ state: 'warning', reason: '601 CDRs cannot be read' })

  const listed = (await listQuarantine(world.config())).map((line) => JSON.parse(line))
  expect(listed).toHaveLength(601)
  const first = Buffer.from(lineOf(0).trimEnd())
  expect(listed[0]).toMatchObject({
    hash: recordHash(first),
    reason: '9 columns in no order that Asterisk writes',
    bytes: first.length,
    text: first.toString(),
  })
  expect(await retryQuarantine(world.config())).toEqual({ sent: 0, left: 601 })
  world.replay.sendRaw('not json')
  await expect
    .poll(async () => (await listQuarantine(world.config())).at(-1))
    .toContain('"what":"ari","reason":"an event of ARI')
  const corrected = { cdr: { file, zone: 'UTC', layout } }
  expect(JSON.parse((await listQuarantine(world.config(corrected)))[0] ?? '')).toMatchObject({
    reason: 'can be read now: run quarantine retry',
  })
  expect(await retryQuarantine(world.config(corrected))).toEqual({ sent: 600, left: 1 })
  await world.until('all records', () => world.queues.of('switchhook.cdr.v1').length === 601)
  const refused = new RefusedRecords(join(world.folder, 'state', 'quarantine'))
  await refused.open()
  expect(refused.records).toBe(1)
  expect(await retryQuarantine(world.config(corrected))).toEqual({ sent: 0, left: 1 })
})

test.each([[[]], [['list']], [['empty', '--config', 'x']], [['list', 'more', '--config', 'x']]])(
  'prints its usage for the unknown arguments of quarantine %j',
  async (args) => {
    await expect(runQuarantine(args)).rejects.toMatchObject({ errorId: 'usage', exitStatus: 64 })
  },
)
