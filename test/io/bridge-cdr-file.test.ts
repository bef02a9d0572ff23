import {
  appendFile,
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  truncate,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CdrCheckpoint } from '../../bridge/asterisk/cdr-checkpoint.ts'
import { CdrFile } from '../../bridge/asterisk/cdr-file.ts'

let folder: string
let path: string
const counted: string[] = []
let open: CdrFile[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchhook-cdr-'))
  path = join(folder, 'cdr.jsonl')
  counted.length = 0
  await writeFile(path, '')
})
afterEach(async () => {
  for (const file of open.splice(0)) await file.close()
  await rm(folder, { recursive: true, force: true })
})

async function tail(): Promise<CdrFile> {
  const file = new CdrFile({ path, checkpoint: new CdrCheckpoint(folder), onCount: (id) => counted.push(id) })
  await file.open()
  open.push(file)
  return file
}

/** Reads the next `count` lines and commits each batch. */
async function take(file: CdrFile, count: number): Promise<string[]> {
  const lines: string[] = []
  const signal = AbortSignal.timeout(8000)
  while (lines.length < count) {
    const batch = await file.next(signal)
    if (!batch) throw new Error(`only ${lines.length} of ${count} lines came: ${lines.join(' ')}`)
    lines.push(...batch.lines.map((line) => line.bytes.toString()))
    await file.commit(batch.position)
  }
  return lines
}

async function restart(file: CdrFile): Promise<CdrFile> {
  await file.close()
  open = open.filter((other) => other !== file)
  return tail()
}

test('returns lines as they are written, and a half line once it is complete', async () => {
  const file = await tail()
  await appendFile(path, 'one\ntw')
  expect(await take(file, 1)).toEqual(['one'])
  const next = take(file, 1)
  await appendFile(path, 'o\n')
  expect(await next).toEqual(['two'])
})

test('after a restart, continues after the last committed line and reads uncommitted lines again', async () => {
  const file = await tail()
  await appendFile(path, 'one\n')
  await take(file, 1)
  await appendFile(path, 'two\n')
  expect((await file.next(AbortSignal.timeout(5000)))?.lines).toHaveLength(1)
  expect(await take(await restart(file), 1)).toEqual(['two'])
})

test('reads a renamed file to its end before the new file', async () => {
  const file = await tail()
  await appendFile(path, 'one\n')
  await take(file, 1)
  await appendFile(path, 'two\n')
  await rename(path, `${path}.1`)
  await appendFile(`${path}.1`, 'three, by a writer that had it open\n')
  await writeFile(path, 'four\n')
  expect(await take(file, 3)).toEqual(['two', 'three, by a writer that had it open', 'four'])
})

test('after a start, first reads the rest of a file that was renamed while the bridge was stopped, then newer files', async () => {
  const file = await tail()
  await appendFile(path, 'one\ntwo\n')
  const batch = await file.next(AbortSignal.timeout(5000))
  if (!batch) throw new Error('no lines')
  await file.commit(batch.position)
  await file.close()
  open = []
  await appendFile(path, 'three\n')
  await rename(path, `${path}.2`)
  await writeFile(`${path}.1`, 'four\n')
  await writeFile(path, 'five\n')
  expect(await take(await tail(), 3)).toEqual(['three', 'four', 'five'])
})

test('after copytruncate, reads the rest of the truncated file from its copy', async () => {
  const file = await tail()
  await appendFile(path, 'one, which is longer than what comes after\n')
  await take(file, 1)
  await appendFile(path, 'two\n')
  await copyFile(path, `${path}.1`)
  await truncate(path)
  await appendFile(path, 'three\n')
  expect(await take(file, 2)).toEqual(['two', 'three'])
  expect(counted).toContain('cdr-file-truncated')
})

test('notices a truncated file by its first bytes, even if it has grown past the last position', async () => {
  const file = await tail()
  await appendFile(path, 'one\n')
  await take(file, 1)
  await truncate(path)
  await appendFile(path, 'another beginning\nand more\n')
  expect(await take(file, 2)).toEqual(['another beginning', 'and more'])
})

test('reads the rest of a truncated file from a compressed copy, and only once', async () => {
  const file = await tail()
  await appendFile(path, 'one, which is longer than what comes after\n')
  await take(file, 1)
  await appendFile(path, 'two\n')
  await writeFile(`${path}.1.gz`, gzipSync(await readFile(path)))
  await truncate(path)
  await appendFile(path, 'three\n')
  expect(await take(file, 2)).toEqual(['two', 'three'])
  await rename(`${path}.1.gz`, `${path}.2.gz`)
  await rename(path, `${path}.1`)
  await writeFile(path, 'four\n')
  expect(await take(file, 1)).toEqual(['four'])
})

test('reads a file from its copy if it was truncated before the first read', async () => {
  const file = await tail()
  await appendFile(path, 'one\n')
  await copyFile(path, `${path}.1`)
  await truncate(path)
  await appendFile(path, 'two\n')
  expect(await take(file, 2)).toEqual(['one', 'two'])
})

test('reads every unread rotated file after several rotations while the bridge was stopped', async () => {
  const file = await tail()
  await appendFile(path, 'one\n')
  await take(file, 1)
  await file.close()
  open = []
  await unlink(path)
  await writeFile(`${path}.3.zst`, zstdCompressSync(Buffer.from('two\n')))
  await writeFile(`${path}.2.gz`, gzipSync('three\n'))
  await writeFile(`${path}.1`, 'four\n')
  for (const [turn, name] of ['.3.zst', '.2.gz', '.1'].entries()) await utimes(`${path}${name}`, turn + 1, turn + 1)
  await writeFile(path, 'five\n')
  expect(await take(await tail(), 4)).toEqual(['two', 'three', 'four', 'five'])
})

test('counts and skips a rotated file that cannot be decompressed', async () => {
  await writeFile(`${path}.1.gz`, 'no gzip')
  await appendFile(path, 'one\n')
  expect(await take(await tail(), 1)).toEqual(['one'])
  expect(counted).toContain('cdr-rotated-unreadable')
})

test('reads a new file from its start even if it has the inode of the old one', async () => {
  const file = await tail()
  await appendFile(path, 'one\n')
  await take(file, 1)
  await file.close()
  open = []
  await unlink(path)
  await writeFile(path, 'two\nthree\n')
  expect(await take(await tail(), 2)).toEqual(['two', 'three'])
  expect(counted).toContain('cdr-position-lost')
})

test('reads the file again from its start if the checkpoint is damaged', async () => {
  const file = await tail()
  await appendFile(path, 'one\n')
  await take(file, 1)
  await writeFile(join(folder, 'cdr-position'), '00000000 {"offset":99}')
  expect(await take(await restart(file), 1)).toEqual(['one'])
})

test('after a restart, waits for a CDR file that is missing, and reads it once it exists', async () => {
  const file = await tail()
  await appendFile(path, 'one\n')
  await take(file, 1)
  await unlink(path)
  const again = await restart(file)
  const next = take(again, 1)
  await writeFile(path, 'two\n')
  expect(await next).toEqual(['two'])
})

test('waits for a file, and for its folder, that do not exist at the first start', async () => {
  path = join(folder, 'cdr-custom', 'switchhook.csv')
  const file = await tail()
  const next = take(file, 1)
  await mkdir(join(folder, 'cdr-custom'))
  await writeFile(path, 'one\n')
  expect(await next).toEqual(['one'])
})

test('returns a record that never ends once the file has not grown for a second, and continues after it', async () => {
  const file = await tail()
  await appendFile(path, '{"src":"60","clid":"cut\n')
  expect(await take(file, 1)).toEqual(['{"src":"60","clid":"cut'])
  await appendFile(path, '"an open quote\n')
  expect(await take(file, 1)).toEqual(['"an open quote'])
  await appendFile(path, '{"src":"60"}\n')
  expect(await take(await restart(file), 1)).toEqual(['{"src":"60"}'])
})

test('throws an error if the path of the CDR file is a folder', async () => {
  path = folder
  await expect(tail().then((file) => take(file, 1))).rejects.toThrow()
})
