import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateRawSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { unzip } from '../../infra/local/functions/code-folder.ts'
import { FrameMeter } from '../../infra/local/socket/frame-meter.ts'

/** Returns a masked frame of `length` bytes, as a client sends it. */
function frame(length: number): Buffer {
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8
  const header = Buffer.alloc(2 + extended + 4)
  header[0] = 0x81
  header[1] = 0x80 | (extended === 0 ? length : extended === 2 ? 126 : 127)
  if (extended === 2) header.writeUInt16BE(length, 2)
  if (extended === 8) header.writeBigUInt64BE(BigInt(length), 2)
  return Buffer.concat([header, Buffer.alloc(length, 0xff)])
}

test('FrameMeter returns the length of the longest frame, however the stream is cut into chunks', () => {
  const lengths = [0, 1, 125, 126, 65_535, 65_536, 3]
  const stream = Buffer.concat(lengths.map(frame))
  for (const size of [1, 2, 3, 7, 1000, stream.length]) {
    const meter = new FrameMeter()
    const seen: number[] = []
    for (let at = 0; at < stream.length; at += size) {
      const longest = meter.feed(stream.subarray(at, at + size))
      if (longest > 0) seen.push(longest)
    }
    expect(seen).toContain(65_536)
    if (size === 1) expect(seen).toEqual(lengths.filter((length) => length > 0))
  }
})

/** Returns a zip with one entry, built from bytes so that the entry can have a name that no tool writes. */
function zipOf(name: string, content: string): Buffer {
  const data = deflateRawSync(content)
  const local = Buffer.alloc(30)
  local.writeUInt32LE(0x04034b50, 0)
  local.writeUInt16LE(name.length, 26)
  const entry = Buffer.alloc(46)
  entry.writeUInt32LE(0x02014b50, 0)
  entry.writeUInt16LE(8, 10)
  entry.writeUInt32LE(data.length, 20)
  entry.writeUInt32LE(content.length, 24)
  entry.writeUInt16LE(name.length, 28)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(1, 10)
  end.writeUInt32LE(30 + name.length + data.length, 16)
  return Buffer.concat([local, Buffer.from(name), data, entry, Buffer.from(name), end])
}

test.each([
  ['a file in a folder', 'deep/er/file.mjs', undefined],
  ['a name that leads out of the folder', '../escaped.mjs', /cannot be unpacked .*relative path/],
  ['an absolute name', '/etc/escaped.mjs', /cannot be unpacked .*absolute path/],
])('unzip accepts a file below its folder and rejects any other path: %s', async (_name, entry, refusal) => {
  const folder = await mkdtemp(join(tmpdir(), 'zip-'))
  await writeFile(join(folder, 'x.zip'), zipOf(entry, 'export {}'))
  const unpacked = unzip(join(folder, 'x.zip'), join(folder, 'out'))
  if (refusal) await expect(unpacked).rejects.toThrow(refusal)
  else {
    await unpacked
    expect(await readFile(join(folder, 'out', entry), 'utf8')).toBe('export {}')
  }
  await rm(folder, { recursive: true })
})
