import { appendFile, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Delivery } from '../../bridge/forward/delivery.ts'
import { Packer } from '../../bridge/forward/pack.ts'
import type { SendOutcome } from '../../bridge/forward/sender.ts'
import { realClock } from '../../bridge/operate/clock.ts'
import { Counters } from '../../bridge/operate/counters.ts'
import { createLog } from '../../bridge/operate/log.ts'
import { retryFile } from '../../bridge/quarantine-command.ts'
import { realDisk } from '../../bridge/spool/disk.ts'
import { Quarantine } from '../../bridge/spool/quarantine.ts'
import { type RefusedRecord, RefusedRecords } from '../../bridge/spool/refused-records.ts'
import { makeCdr } from '../support/cdrs.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchhook-refused-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function opened(): Promise<RefusedRecords> {
  const refused = new RefusedRecords(folder)
  await refused.open()
  return refused
}

async function all(refused: RefusedRecords): Promise<RefusedRecord[]> {
  return (await Promise.all((await refused.names()).map((name) => refused.read(name)))).flat()
}

const record = (bytes: Buffer | string, reason = 'r'): RefusedRecord => ({ reason, bytes: Buffer.from(bytes) })

test('keeps refused records of any bytes with their reason over a restart, in a file for the bridge’s user only', async () => {
  const records = [record('"a\nb"', 'line break'), record(Buffer.from([0xff, 0x00, 0x0a])), record('é 😀')]
  await (await opened()).put(records)
  const again = await opened()
  expect([again.records, await all(again)]).toEqual([3, records])
  for (const name of await readdir(folder)) expect((await stat(join(folder, name))).mode & 0o077).toBe(0)
})

test('rewrites a file with the records that are left, and reads changes that another process made', async () => {
  const [bridge, command] = [await opened(), await opened()]
  await bridge.put([record('one'), record('two')])
  await bridge.put([record('three')])
  const [first = '', second = ''] = await command.names()
  await command.replace(first, [record('two')])
  await command.replace(second, [])
  await bridge.refresh()
  expect([bridge.records, await all(bridge)]).toEqual([1, [record('two')]])
})

test('takes no record over its size limit, keeps the earlier ones, and takes records again once there is room', async () => {
  const refused = new RefusedRecords(folder, realDisk, realClock, 4_096)
  await refused.open()
  for (let n = 0; n < 4; n += 1) await refused.put(Array.from({ length: 16 }, () => record('x'.repeat(64))))
  expect([refused.isFull, refused.records]).toEqual([true, 64])
  const one = refused.put([record('one')])
  await expect(one).rejects.toMatchObject({ errorId: 'quarantine-full' })
  await expect(one).rejects.toThrow('switchhook-bridge quarantine list')
  const [first = ''] = await refused.names()
  await (await opened()).replace(first, [])
  await refused.put([record('one')])
  expect(refused.records).toBe(49)
})

test('reads files of an earlier version, and returns a damaged line unchanged', async () => {
  await writeFile(join(folder, '1796000000000-000001-cdr.bin'), 'an old line')
  const refused = await opened()
  await refused.put([record('one')])
  const [, name = ''] = await refused.names()
  await appendFile(join(folder, name), '{"reason":"cu')
  expect(await all(await opened())).toEqual([
    record('an old line', 'refused by an earlier version'),
    record('one'),
    record('{"reason":"cu', 'the file of the quarantine is damaged'),
  ])
})

test('keeps a record whose body SQS rejects while its file is retried, and sends it at a later retry', async () => {
  const refused = await opened()
  const bytes = JSON.stringify(makeCdr(1))
  await refused.put([record(bytes), record('"a broken')])
  let outcome: SendOutcome = { kind: 'refused', code: 'InvalidMessageContents' }
  const quarantine = new Quarantine(folder)
  await quarantine.open()
  const log = createLog({ level: 'error', write: () => undefined })
  const sender = { send: async (_: string, bodies: readonly string[]) => bodies.map(() => outcome) }
  const connections = {
    refused,
    delivery: new Delivery({ sender, quarantine, counters: new Counters(), log }),
    packer: new Packer({ site: 'lyon-1', key: 'k1', sign: () => Buffer.alloc(64) }),
    records: { lane: 'records' as const, queueUrl: 'records' },
  }
  const config = { site: 'lyon-1', cdr: { file: 'unused', zone: 'UTC' } }
  const retry = async () => retryFile((await refused.names())[0] ?? '', config, connections)
  expect(await retry()).toEqual({ sent: 0, left: 2 })
  expect([quarantine.items, (await all(refused)).map((one) => one.bytes.toString())]).toEqual([0, ['"a broken', bytes]])
  outcome = { kind: 'accepted' }
  expect(await retry()).toEqual({ sent: 1, left: 1 })
  expect((await all(refused)).map((one) => one.bytes.toString())).toEqual(['"a broken'])
})
