import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import { inflateRawSync } from 'node:zlib'
import { LocalCloudError } from '../errors.ts'

// Signatures and offsets are those of the ZIP application note (APPNOTE 6.3.10, sections 4.3.12 and 4.3.16).
const endSignature = 0x06054b50
const entrySignature = 0x02014b50
const endBytesMin = 22
/** A zip's comment is at most 64 KiB, so its end record is found within this many bytes of the end. */
const endSearchBytesMax = endBytesMin + 0xffff
/** Lambda's own limit on an unpacked function. */
const unpackedBytesMax = 250 * 1024 * 1024

interface Entry {
  name: string
  compressed: boolean
  compressedBytes: number
  bytes: number
  offset: number
  mode: number
}

/** Unpacks a function's zip; a name that would leave `folder` is refused. */
export async function unzip(zipPath: string, folder: string): Promise<void> {
  const zip = await readFile(zipPath)
  let total = 0
  for (const entry of readEntries(zip, zipPath)) {
    total += entry.bytes
    if (total > unpackedBytesMax) throw damaged(zipPath, 'it unpacks to more than 250 MB')
    const target = resolve(folder, entry.name)
    if (!target.startsWith(resolve(folder) + sep)) throw damaged(zipPath, `its entry ${entry.name} leaves the folder`)
    if (entry.name.endsWith('/')) continue
    await mkdir(dirname(target), { recursive: true })
    // The mode of an entry made without Unix attributes is 0; a function must still be readable.
    await writeFile(target, contentOf(zip, entry), { mode: entry.mode & 0o777 || 0o644 })
  }
}

function readEntries(zip: Buffer, zipPath: string): Entry[] {
  const searchFrom = Math.max(0, zip.length - endSearchBytesMax)
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'))
  if (end < searchFrom || zip.readUInt32LE(end) !== endSignature) throw damaged(zipPath, 'it has no end record')
  const count = zip.readUInt16LE(end + 10)
  let at = zip.readUInt32LE(end + 16)
  const entries: Entry[] = []
  // At most 65,535 entries, the most that the end record can count.
  for (let index = 0; index < count; index++) {
    if (zip.readUInt32LE(at) !== entrySignature) throw damaged(zipPath, `entry ${index} of its directory is broken`)
    const nameBytes = zip.readUInt16LE(at + 28)
    entries.push({
      name: zip.toString('utf8', at + 46, at + 46 + nameBytes),
      compressed: zip.readUInt16LE(at + 10) !== 0,
      compressedBytes: zip.readUInt32LE(at + 20),
      bytes: zip.readUInt32LE(at + 24),
      offset: zip.readUInt32LE(at + 42),
      mode: zip.readUInt32LE(at + 38) >>> 16,
    })
    at += 46 + nameBytes + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32)
  }
  return entries
}

function contentOf(zip: Buffer, entry: Entry): Buffer {
  // The local header repeats name and extra field, and its extra field may be of another length than the directory's.
  const start = entry.offset + 30 + zip.readUInt16LE(entry.offset + 26) + zip.readUInt16LE(entry.offset + 28)
  const data = zip.subarray(start, start + entry.compressedBytes)
  return entry.compressed ? inflateRawSync(data, { maxOutputLength: unpackedBytesMax }) : data
}

function damaged(zipPath: string, why: string): LocalCloudError {
  return new LocalCloudError(
    'package-damaged',
    `The package ${join(zipPath)} cannot be unpacked, ${why}: run \`npm run package\` again.`,
  )
}
