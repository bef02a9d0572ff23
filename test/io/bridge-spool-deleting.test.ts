import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test, vi } from 'vitest'
import { realClock } from '../../bridge/operate/clock.ts'
import { type Disk, realDisk } from '../../bridge/spool/disk.ts'
import { readSealed } from '../../bridge/spool/sealed-file.ts'
import { spoolFolder, spoolIn } from '../support/spool.ts'

let folder: string
beforeEach(async () => {
  folder = await spoolFolder()
})

test('never writes the file of the acknowledgement twice at the same time, even while the spool closes', async () => {
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
  const made = spoolIn(folder, { disk, clock: { ...realClock, after: (_, task) => realClock.after(0, task) } })
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

test('acknowledged records are not recovered after a restart, and their segments are deleted', async () => {
  const first = spoolIn(folder)
  await first.spool.open()
  for (let count = 0; count < 10; count += 1) first.spool.append(Buffer.from(`${count}`))
  await vi.waitFor(() => expect(first.durable).toHaveLength(10))
  first.spool.ack(8)
  await first.spool.close()

  const second = spoolIn(folder)
  expect(await second.spool.open()).toMatchObject({ acked: 8, next: 11 })
  second.spool.ack(11)
  await second.spool.close()
  expect((await readdir(folder)).filter((name) => name.endsWith('.seg'))).toEqual([])

  const third = spoolIn(folder)
  expect(await third.spool.open()).toMatchObject({ acked: 11, next: 11 })
  await third.spool.close()
})

test('renames a segment and then deletes it gradually; recovery deletes what a crash left of it', async () => {
  const path = join(folder, '0000000000000001.seg')
  await writeFile(path, Buffer.alloc(3_500_000))
  const released = realDisk.removeGradually(path)
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
  const { spool: after } = spoolIn(folder)
  expect(await after.open()).toMatchObject({ next: 1, damaged: [], tornBytes: 0 })
  expect(await readdir(folder)).toEqual([])
  await after.close()
})

test('continues if an acknowledged segment cannot be deleted, and deletes it when the spool closes', async () => {
  let fails = true
  const disk: Disk = {
    ...realDisk,
    removeGradually: (path) =>
      fails ? Promise.reject(new Error('simulated failure')) : realDisk.removeGradually(path),
  }
  const { spool, durable, counted } = spoolIn(folder, { disk })
  await spool.open()
  for (const total of [9, 18, 27]) {
    while (spool.unacked < total) spool.append(Buffer.alloc(1_000_000))
    await vi.waitFor(() => expect(durable).toHaveLength(total))
  }
  spool.ack(28)
  await vi.waitFor(() => expect(counted).toContain('spool-not-deleted'))
  // The segment counts until it is deleted.
  expect(spool.bytes).toBeGreaterThan(27_000_000)
  fails = false
  spool.append(Buffer.from('one more'))
  await vi.waitFor(() => expect(durable).toHaveLength(28))
  spool.ack(29)
  await spool.close()
  expect(spool.bytes).toBeLessThan(1000)
  expect(await readSealed(realDisk, join(folder, 'acked'))).toEqual({ acked: 29 })
  const left = (await readdir(folder)).filter((name) => name !== 'acked')
  expect(left.length).toBeLessThanOrEqual(1)
})

test('a full spool drops a record without using up a record number', async () => {
  const { spool: full } = spoolIn(folder, { bytesMax: 100 })
  await full.open()
  expect(full.append(Buffer.alloc(60))).toBe(1)
  expect(full.append(Buffer.alloc(60))).toBeUndefined()
  expect(full.append(Buffer.alloc(10))).toBe(2)
  await full.close()
})

test('every file of the spool is readable only by its owner', async () => {
  const { spool: made } = spoolIn(folder)
  await made.open()
  made.append(Buffer.from('a number'))
  made.ack(1)
  await made.close()
  for (const name of await readdir(folder)) expect((await stat(join(folder, name))).mode & 0o077).toBe(0)
})
