import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test, vi } from 'vitest'
import { type Disk, realDisk } from '../../bridge/spool/disk.ts'
import { recover } from '../../bridge/spool/recover.ts'
import type { SpoolRecord } from '../../bridge/spool/segment.ts'
import { numbers, spoolFolder, spoolIn, texts } from '../support/spool.ts'

let folder: string
beforeEach(async () => {
  folder = await spoolFolder()
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

test('passes records on in order, and reads them back after a restart', async () => {
  const first = spoolIn(folder)
  await first.spool.open()
  for (const text of ['a', 'b', 'c']) first.spool.append(Buffer.from(text))
  await vi.waitFor(() => expect(texts(first.durable)).toEqual(['a', 'b', 'c']))
  await first.spool.close()

  const second = spoolIn(folder)
  const recovered = await second.spool.open()
  expect(recovered).toMatchObject({ acked: 1, next: 4, damaged: [], tornBytes: 0 })
  expect(texts(await second.spool.read(2, 4, 1000))).toEqual(['b', 'c'])
  expect(second.spool.append(Buffer.from('d'))).toBe(4)
  await second.spool.close()
})

test('passes a record on only after its fdatasync, and never if that fdatasync fails', async () => {
  const disk = failingDisk({
    datasync: () => {
      throw Object.assign(new Error('EIO'), { code: 'EIO' })
    },
  })
  const { spool: made, durable, counted } = spoolIn(folder, { disk })
  await made.open()
  made.append(Buffer.from('a'))
  await vi.waitFor(() => expect(counted).toEqual(['broken: Error: EIO']))
  expect(durable).toEqual([])
  expect(made.append(Buffer.from('b'))).toBeUndefined()
  await made.close()
})

test('on a full disk, cuts off the partly written record and retries until there is space', async () => {
  let failures = 2
  const disk = failingDisk({
    append: () => {
      failures -= 1
      if (failures >= 0) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
    },
  })
  const { spool: made, durable, counted } = spoolIn(folder, { disk })
  await made.open()
  made.append(Buffer.from('kept'))
  await vi.waitFor(() => expect(texts(durable)).toEqual(['kept']))
  expect(counted).toEqual(['spool-disk-full', 'spool-disk-full'])
  await made.close()
  expect(await recover(realDisk, folder)).toMatchObject({ tornBytes: 0, damaged: [], next: 2 })
})

test('recovers the good records of a damaged segment, and returns the damaged bytes for the quarantine', async () => {
  const first = spoolIn(folder)
  await first.spool.open()
  for (const text of ['one', 'two', 'three']) first.spool.append(Buffer.from(text))
  await first.spool.close()
  const path = join(folder, '0000000000000001.seg')
  const bytes = await readFile(path)
  bytes[bytes.indexOf('two')] = 0
  await writeFile(path, Buffer.concat([bytes, Buffer.from('torn')]))

  const second = spoolIn(folder)
  const recovered = await second.spool.open()
  expect(recovered.damaged).toHaveLength(1)
  expect(recovered.damaged[0]?.toString()).toContain('wo')
  expect(recovered.tornBytes).toBe(4)
  expect(texts(await second.spool.read(1, recovered.next, 1000))).toEqual(['one', 'three'])
  await second.spool.close()
})

test('reads all good records in order even if records and damaged areas are larger than the requested number of bytes', async () => {
  const first = spoolIn(folder)
  await first.spool.open()
  const sizes = Array.from({ length: 60 }, (_, n) => (n % 20 === 7 ? 900_000 : 30_000))
  for (const [n, size] of sizes.entries()) first.spool.append(Buffer.alloc(size, n))
  await vi.waitFor(() => expect(first.durable).toHaveLength(60))
  await first.spool.close()
  const path = join(folder, '0000000000000001.seg')
  const bytes = await readFile(path)
  // Damage record 28, one of the long ones, from its header to its end.
  bytes.fill(255, bytes.lastIndexOf(Buffer.alloc(30_000, 26)) + 30_000, bytes.indexOf(Buffer.alloc(30_000, 28)) - 16)
  await writeFile(path, bytes)

  const second = spoolIn(folder)
  const { next } = await second.spool.open()
  const read: SpoolRecord[] = []
  for (let from = 1; from < next; from = (read.at(-1)?.number ?? next) + 1) {
    const some = await second.spool.read(from, next, 100_000)
    if (some.length === 0) break
    // Copy the payloads: the next read overwrites them.
    read.push(...some.map(({ number, payload }) => ({ number, payload: Buffer.from(payload) })))
  }
  expect(numbers(read)).toEqual(sizes.map((_, n) => n + 1).filter((number) => number !== 28))
  expect(read.every(({ number, payload }) => payload.equals(Buffer.alloc(sizes[number - 1] ?? 0, number - 1)))).toBe(
    true,
  )
  // Reading an earlier range afterwards also works.
  expect(numbers(await second.spool.read(3, 5, 1_000_000))).toEqual([3, 4])
  await second.spool.close()
})

test('after a read failed half-way, later reads return every record', async () => {
  let fails = false
  const disk: Disk = {
    ...realDisk,
    async readInto(path, offset, bytes) {
      if (!fails) return realDisk.readInto(path, offset, bytes)
      bytes.fill(0, 0, bytes.length / 2)
      throw new Error('simulated failure')
    },
  }
  const { spool: made, durable } = spoolIn(folder, { disk })
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
  await expect(readOn()).rejects.toThrow('simulated failure')
  fails = false
  await readOn()
  expect(from).toBe(61)
  await made.close()
})
