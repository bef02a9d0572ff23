import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Disk, realDisk } from '../../bridge/spool/disk.ts'
import { itemsMax, Quarantine } from '../../bridge/spool/quarantine.ts'

const nameOf = (n: number) => `${String(n).padStart(13, '0')}-000001-line.bin`

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchhook-quarantine-'))
  await Promise.all(Array.from({ length: itemsMax }, (_, n) => writeFile(join(folder, nameOf(n)), 'old')))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function opened(disk: Disk): Promise<Quarantine> {
  const quarantine = new Quarantine(folder, disk)
  await quarantine.open()
  return quarantine
}

test('a full quarantine deletes its oldest item for each new one', async () => {
  const quarantine = await opened(realDisk)
  await quarantine.put('frame', Buffer.from('new'))
  await quarantine.put('frame', Buffer.from('newer'))
  const names = (await readdir(folder)).sort()
  expect([names.length, names[0], quarantine.items]).toEqual([itemsMax, nameOf(2), itemsMax])
})

test('if the oldest item cannot be deleted, deletes the next oldest and retries the oldest later', async () => {
  let isStuck = true
  const quarantine = await opened({
    ...realDisk,
    async remove(path) {
      if (isStuck && path.endsWith(nameOf(0))) throw Object.assign(new Error('immutable'), { code: 'EPERM' })
      await realDisk.remove(path)
    },
  })
  await quarantine.put('frame', Buffer.from('new'))
  await quarantine.put('frame', Buffer.from('newer'))
  const kept = (await readdir(folder)).sort()
  expect([kept.length, kept[0], kept[1]]).toEqual([itemsMax, nameOf(0), nameOf(3)])
  isStuck = false
  await quarantine.put('frame', Buffer.from('newest'))
  const names = (await readdir(folder)).sort()
  expect([names.length, names[0]]).toEqual([itemsMax, nameOf(3)])
})

test('keeps a new item even if no old item can be deleted', async () => {
  const quarantine = await opened({
    ...realDisk,
    async remove() {
      throw Object.assign(new Error('read-only'), { code: 'EROFS' })
    },
  })
  await quarantine.put('frame', Buffer.from('new'))
  const names = await readdir(folder)
  expect([names.length, names.filter((name) => name.endsWith('-frame.bin')).length]).toEqual([itemsMax + 1, 1])
})

test('neither counts nor deletes the CDRs of an earlier version', async () => {
  const cdrs = [0, 1].map((n) => `000000000000${n}-000000-cdr.bin`)
  await Promise.all(cdrs.map((name) => writeFile(join(folder, name), 'a CDR')))
  const quarantine = await opened(realDisk)
  expect([quarantine.items, quarantine.list().length]).toEqual([itemsMax, itemsMax])
  await quarantine.put('frame', Buffer.from('new'))
  const names = await readdir(folder)
  expect([names.length, names.filter((name) => name.endsWith('-cdr.bin')).sort()]).toEqual([itemsMax + 2, cdrs])
})
