import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { realClock } from '../../bridge/operate/clock.ts'
import { type Disk, realDisk } from '../../bridge/spool/disk.ts'
import { takeEpoch } from '../../bridge/spool/epoch-file.ts'
import { recover } from '../../bridge/spool/recover.ts'
import { readSealed, writeSealed } from '../../bridge/spool/sealed-file.ts'
import type { SpoolRecord } from '../../bridge/spool/segment.ts'
import { Spool, type SpoolOptions } from '../../bridge/spool/spool.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchhook-spool-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

function spool(options: Partial<SpoolOptions> = {}): { spool: Spool; durable: SpoolRecord[]; counted: string[] } {
  const durable: SpoolRecord[] = []
  const counted: string[] = []
  const made = new Spool({
    folder,
    onDurable: (records) => durable.push(...records),
    onBroken: (error) => counted.push(`broken: ${error}`),
    onCount: (errorId) => counted.push(errorId),
    ...options,
  })
  return { spool: made, durable, counted }
}

const texts = (records: readonly SpoolRecord[]) => records.map((record) => record.payload.toString())
const numbers = (records: readonly SpoolRecord[]) => records.map((record) => record.number)

test('records are handed on in order, and read back after a restart', async () => {
  const first = spool()
  await first.spool.open()
  for (const text of ['a', 'b', 'c']) first.spool.append(Buffer.from(text))
  await vi.waitFor(() => expect(texts(first.durable)).toEqual(['a', 'b', 'c']))
  await first.spool.close()

  const second = spool()
  const recovered = await second.spool.open()
  expect(recovered).toMatchObject({ acked: 1, next: 4, damaged: [], tornBytes: 0 })
  expect(texts(await second.spool.read(2, 4, 1000))).toEqual(['b', 'c'])
  expect(second.spool.append(Buffer.from('d'))).toBe(4)
  await second.spool.close()
})

test('what is acknowledged is saved by one writer at a time, though the spool is closed meanwhile', async () => {
  let writers = 0
  let most = 0
  const release = Promise.withResolvers<void>()
  const disk: Disk = {
    ...realDisk,
    async replace(path, bytes) {
      writers += 1
      most = Math.max(most, writers)
      await release.promise
      await realDisk.replace(path, bytes)
      writers -= 1
    },
  }
  const made = spool({ disk, clock: { ...realClock, after: (_, task) => realClock.after(0, task) } })
  await made.spool.open()
  made.spool.append(Buffer.from('a'))
  await vi.waitFor(() => expect(made.durable).toHaveLength(1))
  made.spool.ack(2)
  await vi.waitFor(() => expect(writers).toBe(1))
  const closed = made.spool.close()
  await new Promise(setImmediate)
  release.resolve()
  await closed
  expect([most, made.counted]).toEqual([1, []])
})

test('records that were acknowledged are not there after a restart, and their files are deleted', async () => {
  const first = spool()
  await first.spool.open()
  for (let count = 0; count < 10; count += 1) first.spool.append(Buffer.from(`${count}`))
  await vi.waitFor(() => expect(first.durable).toHaveLength(10))
  first.spool.ack(8)
  await first.spool.close()

  const second = spool()
  expect(await second.spool.open()).toMatchObject({ acked: 8, next: 11 })
  second.spool.ack(11)
  await second.spool.close()
  expect((await readdir(folder)).filter((name) => name.endsWith('.seg'))).toEqual([])

  const third = spool()
  expect(await third.spool.open()).toMatchObject({ acked: 11, next: 11 })
  await third.spool.close()
})

test('a segment is gone at once, its space in steps, and what a crash leaves of it is taken away', async () => {
  const path = join(folder, '0000000000000001.seg')
  await writeFile(path, Buffer.alloc(3_500_000))
  const released = realDisk.release(path)
  const sizes: number[] = []
  await vi.waitFor(
    async () => {
      const names = await readdir(folder)
      if (names.length > 0) expect(names).toEqual(['0000000000000001.seg.gone'])
      for (const name of names) sizes.push((await stat(join(folder, name))).size)
      expect(names).toEqual([])
    },
    { interval: 1 },
  )
  await released
  const steps = [...new Set(sizes)]
  expect(steps.length).toBeGreaterThan(1)
  expect(steps).toEqual(steps.toSorted((a, b) => b - a))

  await writeFile(`${path}.gone`, 'half of it')
  const { spool: after } = spool()
  expect(await after.open()).toMatchObject({ next: 1, damaged: [], tornBytes: 0 })
  expect(await readdir(folder)).toEqual([])
  await after.close()
})

test('a spool that closes deletes what is done at once, and one that cannot delete goes on and tries again', async () => {
  let fails = true
  const disk: Disk = {
    ...realDisk,
    release: (path) => (fails ? Promise.reject(new Error('by the test')) : realDisk.release(path)),
  }
  const { spool: made, durable, counted } = spool({ disk })
  await made.open()
  for (const total of [9, 18, 27]) {
    while (made.unacked < total) made.append(Buffer.alloc(1_000_000))
    await vi.waitFor(() => expect(durable).toHaveLength(total), 5000)
  }
  made.ack(28)
  await vi.waitFor(() => expect(counted).toContain('spool-not-deleted'), 3000)
  // As long as it is there, it takes room.
  expect(made.bytes).toBeGreaterThan(27_000_000)
  fails = false
  made.append(Buffer.from('one more'))
  await vi.waitFor(() => expect(durable).toHaveLength(28))
  made.ack(29)
  await made.close()
  expect(made.bytes).toBeLessThan(1000)
  expect(await readSealed(realDisk, join(folder, 'acked'))).toEqual({ acked: 29 })
  const left = (await readdir(folder)).filter((name) => name !== 'acked')
  expect(left.length).toBeLessThanOrEqual(1)
})

test('a full spool refuses a record and uses no number for it', async () => {
  const { spool: full } = spool({ bytesMax: 100 })
  await full.open()
  expect(full.append(Buffer.alloc(60))).toBe(1)
  expect(full.append(Buffer.alloc(60))).toBeUndefined()
  expect(full.append(Buffer.alloc(10))).toBe(2)
  await full.close()
})

test('every file is readable by its owner alone', async () => {
  const { spool: made } = spool()
  await made.open()
  made.append(Buffer.from('a number'))
  made.ack(1)
  await made.close()
  for (const name of await readdir(folder)) expect((await stat(join(folder, name))).mode & 0o077).toBe(0)
})

function failingDisk(fail: { append?: () => void; datasync?: () => void }): Disk {
  return {
    ...realDisk,
    async create(path) {
      const file = await realDisk.create(path)
      return {
        ...file,
        async append(bytes) {
          await file.append(bytes.subarray(0, 5))
          fail.append?.()
          await file.append(bytes.subarray(5))
        },
        async datasync() {
          fail.datasync?.()
          await file.datasync()
        },
      }
    },
  }
}

test('a record is not handed on before the sync that covers it, and never after one that failed', async () => {
  const disk = failingDisk({
    datasync: () => {
      throw Object.assign(new Error('EIO'), { code: 'EIO' })
    },
  })
  const { spool: made, durable, counted } = spool({ disk })
  await made.open()
  made.append(Buffer.from('a'))
  await vi.waitFor(() => expect(counted).toEqual(['broken: Error: EIO']))
  expect(durable).toEqual([])
  expect(made.append(Buffer.from('b'))).toBeUndefined()
  await made.close()
})

test('a full disk holds records, cuts what was half written, and is recovered from unaided', async () => {
  let failures = 2
  const disk = failingDisk({
    append: () => {
      failures -= 1
      if (failures >= 0) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
    },
  })
  const { spool: made, durable, counted } = spool({ disk })
  await made.open()
  made.append(Buffer.from('kept'))
  await vi.waitFor(() => expect(texts(durable)).toEqual(['kept']), 5000)
  expect(counted).toEqual(['spool-disk-full', 'spool-disk-full'])
  await made.close()
  expect(await recover(realDisk, folder)).toMatchObject({ tornBytes: 0, damaged: [], next: 2 })
})

test('a spool damaged on disk opens, gives what is whole, and hands the rest to the quarantine', async () => {
  const first = spool()
  await first.spool.open()
  for (const text of ['one', 'two', 'three']) first.spool.append(Buffer.from(text))
  await first.spool.close()
  const path = join(folder, '0000000000000001.seg')
  const bytes = await readFile(path)
  bytes[bytes.indexOf('two')] = 0
  await writeFile(path, Buffer.concat([bytes, Buffer.from('torn')]))

  const second = spool()
  const recovered = await second.spool.open()
  expect(recovered.damaged).toHaveLength(1)
  expect(recovered.damaged[0]?.toString()).toContain('wo')
  expect(recovered.tornBytes).toBe(4)
  expect(texts(await second.spool.read(1, recovered.next, 1000))).toEqual(['one', 'three'])
  await second.spool.close()
})

test('records longer than a piece, and damage across pieces, are read in order however little is asked for', async () => {
  const first = spool()
  await first.spool.open()
  const sizes = Array.from({ length: 60 }, (_, n) => (n % 20 === 7 ? 900_000 : 30_000))
  for (const [n, size] of sizes.entries()) first.spool.append(Buffer.alloc(size, n))
  await vi.waitFor(() => expect(first.durable).toHaveLength(60))
  await first.spool.close()
  const path = join(folder, '0000000000000001.seg')
  const bytes = await readFile(path)
  // The long one of number 28, from its header on.
  bytes.fill(255, bytes.lastIndexOf(Buffer.alloc(30_000, 26)) + 30_000, bytes.indexOf(Buffer.alloc(30_000, 28)) - 16)
  await writeFile(path, bytes)

  const second = spool()
  const { next } = await second.spool.open()
  const read: SpoolRecord[] = []
  for (let from = 1; from < next; from = (read.at(-1)?.number ?? next) + 1) {
    const some = await second.spool.read(from, next, 100_000)
    if (some.length === 0) break
    // The payloads hold until the next read.
    read.push(...some.map(({ number, payload }) => ({ number, payload: Buffer.from(payload) })))
  }
  expect(numbers(read)).toEqual(sizes.map((_, n) => n + 1).filter((number) => number !== 28))
  expect(read.every(({ number, payload }) => payload.equals(Buffer.alloc(sizes[number - 1] ?? 0, number - 1)))).toBe(
    true,
  )
  // Back to an earlier one: the place goes with what is asked.
  expect(numbers(await second.spool.read(3, 5, 1_000_000))).toEqual([3, 4])
  await second.spool.close()
})

test('after a read that failed half-way the next one has every record', async () => {
  let fails = false
  const disk: Disk = {
    ...realDisk,
    async readInto(path, offset, bytes) {
      if (!fails) return realDisk.readInto(path, offset, bytes)
      bytes.fill(0, 0, bytes.length / 2)
      throw new Error('by the test')
    },
  }
  const { spool: made, durable } = spool({ disk })
  await made.open()
  for (let n = 0; n < 60; n += 1) made.append(Buffer.alloc(40_000, n))
  await vi.waitFor(() => expect(durable).toHaveLength(60))
  expect(numbers(await made.read(1, 61, 400_000))).toEqual(Array.from({ length: 10 }, (_, n) => n + 1))
  fails = true
  let from = 11
  const readOn = async () => {
    for (let some = [from - 1]; some.length > 0; from += some.length) {
      some = numbers(await made.read(from, 61, 400_000))
      expect(some).toEqual(Array.from(some, (_, n) => from + n))
    }
  }
  await expect(readOn()).rejects.toThrow('by the test')
  fails = false
  await readOn()
  expect(from).toBe(61)
  await made.close()
})

test('a sealed file that is cut or altered anywhere reads as nothing', async () => {
  const path = join(folder, 'sealed')
  await writeSealed(realDisk, path, { offset: 123 })
  const whole = await readFile(path)
  for (let at = 0; at < whole.length - 1; at += 1) {
    await writeFile(path, whole.subarray(0, at))
    expect(await readSealed(realDisk, path)).toBeUndefined()
    const altered = Buffer.from(whole)
    altered[at] = (altered[at] ?? 0) ^ 1
    await writeFile(path, altered)
    expect(await readSealed(realDisk, path)).toBeUndefined()
  }
})

test('an epoch is above every one before it, whatever the clock says', async () => {
  expect(await takeEpoch(folder, 1_795_460_400_000)).toBe(1_795_460_400)
  expect(await takeEpoch(folder, 1_795_460_400_999)).toBe(1_795_460_401)
  expect(await takeEpoch(folder, 1_000)).toBe(1_795_460_402)
  await writeFile(join(folder, 'epoch'), 'damaged')
  expect(await takeEpoch(folder, 1_795_460_500_000)).toBe(1_795_460_500)
})
