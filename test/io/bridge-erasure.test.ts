import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Eraser } from '../../bridge/commands/eraser.ts'
import { Journal } from '../../bridge/commands/journal.ts'
import { Packer } from '../../bridge/forward/pack.ts'
import { Counters } from '../../bridge/operate/counters.ts'
import { eraseFromQuarantine } from '../../bridge/quarantine-command.ts'
import { type Disk, realDisk } from '../../bridge/spool/disk.ts'
import { Quarantine } from '../../bridge/spool/quarantine.ts'
import { RefusedRecords } from '../../bridge/spool/refused-records.ts'
import type { EraseCommand } from '../../contracts/commands.ts'
import { numberSearch } from '../../contracts/numbers/number-search.ts'
import { unverifiedLines } from '../../contracts/packed-body.ts'
import { spoolIn } from '../support/spool.ts'

/**
 * Goal: after the erasure of a number the bridge's folder does not hold it, other numbers are untouched, and the confirmation
 * is sent only then, wherever the bridge is killed.
 * Method: the number is planted in spool, both kinds of quarantine, a body, the journal and a file that a crash left. The
 * bridge is killed before its first operation on the disk that changes something, its second, and so on, and started again.
 */
const number = '0612345678'
const other = '+49 30 612345678'
const command: EraseCommand = {
  command: 'erase',
  erasure: 'receipt-1',
  number,
  country: 'FR',
  outsidePrefix: '0',
  issuedAt: '2026-11-24T08:00:00.000Z',
  deadline: '2026-11-24T08:01:00.000Z',
}
const silent = () => undefined
const log = { debug: silent, info: silent, warn: silent, error: silent }
const packer = new Packer({ site: 'office', key: 'k', sign: () => Buffer.alloc(64) })
const records = { lane: 'records', queueUrl: 'q' } as const

/** A disk that fails from the change numbered `changes` + 1 on, counted from the call of `arm`. */
function killedDisk(changes: number) {
  let left = Number.POSITIVE_INFINITY
  let isKilled = false
  const count = <A extends unknown[], R>(act: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      isKilled ||= left <= 0
      left -= 1
      if (isKilled) throw new Error('killed')
      return act(...args)
    }
  }
  const { replace, remove, removeGradually } = realDisk
  const disk: Disk = {
    ...realDisk,
    replace: async (path, bytes) => {
      // A kill in the middle of a replacement leaves the temporary file.
      if (left === 0) await writeFile(`${path}.new`, bytes)
      await count(replace)(path, bytes)
    },
    remove: count(remove),
    removeGradually: count(removeGradually),
  }
  const arm = () => {
    left = changes
  }
  return { disk, arm, wasKilled: () => isKilled }
}

/** The parts of a bridge that have state on disk, opened on a folder as a process opens them. */
async function openBridge(folder: string, disk: Disk) {
  const quarantine = new Quarantine(join(folder, 'quarantine'), disk)
  await quarantine.open()
  const refused = new RefusedRecords(join(folder, 'quarantine'), disk)
  await refused.open()
  const journal = new Journal(folder, disk)
  await journal.open(Date.parse(command.issuedAt))
  const { spool, durable } = spoolIn(join(folder, 'spool'), { disk })
  const recovered = await spool.open()
  spool.ack(recovered.next)
  const sent: unknown[] = []
  const deliver = async (_: unknown, bodies: readonly string[]) => {
    for (const body of bodies) sent.push(...(unverifiedLines(body) ?? []).map((line) => JSON.parse(line)))
    return true
  }
  const parts = { spool, quarantine, refused, journal, records, packer, delivery: { deliver } }
  const eraser = new Eraser({ site: 'office', ...parts, counters: new Counters(), log })
  return { ...parts, eraser, sent, durable }
}

async function plant(
  folder: string,
  { spool, quarantine, refused, journal, durable }: Awaited<ReturnType<typeof openBridge>>,
) {
  for (const text of [number, other, '+33 6 12 34 56 78']) {
    await quarantine.put('ari', Buffer.from(`{"caller": "${text}"}`))
    await refused.put([{ reason: 'a column too many', bytes: Buffer.from(`"Anna" <${text}>,60`) }])
    const line = Buffer.from(JSON.stringify({ to: text }))
    await quarantine.put('body-live', Buffer.from(packer.pack('live', [line]).body))
    spool.append(line)
  }
  await writeFile(join(folder, 'quarantine', '1795507200000-000007-ari.bin.new'), number)
  for (const [n, extension] of ['0612345678', '0698765432'].entries()) {
    const call = `sh-1795507200.000000000${n}`
    await journal.claim(call, { endpoint: 'PJSIP/5860', extension, startedAt: command.issuedAt })
    await journal.noteEnded(call)
  }
  await vi.waitFor(() => expect(durable.length).toBe(3))
}

/** Every text in a folder, with packed bodies unpacked. */
async function textsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = names.filter((one) => one.isFile())
  const texts = await Promise.all(files.map((one) => readFile(join(one.parentPath, one.name), 'utf8')))
  return texts.flatMap((text) => [text, ...(unverifiedLines(text) ?? [])])
}

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'switchhook-erasure-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}
const holds = numberSearch(number, { country: 'FR', outsidePrefix: '0' }).holds

test('an erasure that is killed at any change of the disk is confirmed only once the folder holds nothing of the number', async () => {
  const { signal } = new AbortController()
  let kills = 0
  for (let isKilled = true; isKilled; kills += 1) {
    expect(kills).toBeLessThan(40)
    const folder = await newFolder()
    const { disk, arm, wasKilled } = killedDisk(kills)
    const first = await openBridge(folder, disk)
    await plant(folder, first)
    expect((await textsIn(folder)).filter(holds).length).toBeGreaterThanOrEqual(9)
    arm()
    first.spool.ack(4)
    // The segments of a killed process are removed by its next one.
    const abort = new AbortController()
    first.eraser.offer(command, abort.signal)
    await vi.waitFor(() => expect(wasKilled() || first.sent.length > 0).toBe(true), { timeout: 5_000, interval: 20 })
    abort.abort()
    await first.eraser.idle()
    isKilled = wasKilled()
    await first.spool.close()
    if (isKilled) expect(first.sent).toEqual([])

    const second = await openBridge(folder, realDisk)
    second.eraser.offer(command, signal)
    await second.eraser.idle()
    await second.spool.close()
    const left = await textsIn(folder)
    expect(left.filter(holds)).toEqual([])
    const others = ['{"caller": "+49 30', '<+49 30', '{"to":"+49 30', '0698765432'].map(
      (text) => left.filter((one) => one.includes(text)).length,
    )
    expect(others).toEqual([1, 1, 1, 1])
    expect(second.sent).toMatchObject([{ type: 'switchhook.erased.v1', data: { erasure: 'receipt-1' } }])
  }
  expect(kills).toBeGreaterThan(8)
})

test('an erasure is not confirmed while facts wait in the spool, and what was queued twice runs once', async () => {
  const folder = await newFolder()
  const bridge = await openBridge(folder, realDisk)
  await plant(folder, bridge)
  const abort = new AbortController()
  bridge.eraser.offer(command, abort.signal)
  bridge.eraser.offer(command, abort.signal)
  await vi.waitFor(async () => expect((await readdir(join(folder, 'spool'))).length).toBeGreaterThan(0))
  expect(bridge.sent).toEqual([])
  bridge.spool.ack(4)
  await bridge.eraser.idle()
  expect(bridge.sent.length).toBe(1)
  await bridge.spool.close()
})

test('the command `quarantine erase` removes a number from the quarantine in every spelling, and leaves others', async () => {
  const folder = await newFolder()
  const bridge = await openBridge(folder, realDisk)
  await plant(folder, bridge)
  await bridge.spool.close()
  const erased = await eraseFromQuarantine({ stateFolder: folder }, { number, country: 'FR', prefix: '0' })
  expect(erased).toEqual({ records: 2, items: 5 })
  const left = await textsIn(join(folder, 'quarantine'))
  expect([left.filter(holds), left.filter((text) => text.includes(other)).length]).toEqual([[], 3])
})
