import { crc32 } from 'node:zlib'

/** One record of the spool. `number` counts from 1 over the whole life of the state folder. */
export interface SpoolRecord {
  readonly number: number
  readonly payload: Buffer
}

/** On disk: length u32, crc32 u32, number u64, all little-endian, then the payload. The crc covers length, number, payload. */
const headerBytes = 16
/** The largest event lists 20,000 endpoints, about 0.7 MB; a length over this is damage, not a record. */
export const recordBytesMax = 1_048_576

export function encodeRecord(number: number, payload: Buffer): Buffer {
  const record = Buffer.allocUnsafe(headerBytes + payload.length)
  record.writeUInt32LE(payload.length, 0)
  record.writeBigUInt64LE(BigInt(number), 8)
  payload.copy(record, headerBytes)
  record.writeUInt32LE(checksum(record, 0, record.length), 4)
  return record
}

function checksum(bytes: Buffer, offset: number, end: number): number {
  return crc32(bytes.subarray(offset + 8, end), crc32(bytes.subarray(offset, offset + 4)))
}

interface Found extends SpoolRecord {
  end: number
}

function recordAt(bytes: Buffer, offset: number): Found | undefined {
  if (offset + headerBytes > bytes.length) return undefined
  const length = bytes.readUInt32LE(offset)
  const end = offset + headerBytes + length
  if (length > recordBytesMax || end > bytes.length) return undefined
  if (bytes.readUInt32LE(offset + 4) !== checksum(bytes, offset, end)) return undefined
  return { number: Number(bytes.readBigUInt64LE(offset + 8)), payload: bytes.subarray(offset + headerBytes, end), end }
}

export interface Scan {
  records: SpoolRecord[]
  /** Bytes up to and with the last good record; what follows is a torn tail. */
  end: number
  /** Stretches between good records that are damaged, as [from, to) in bytes. */
  damage: [number, number][]
}

/**
 * Reads a segment's bytes. A damaged stretch is passed over by looking, byte by byte, for the next record whose number
 * goes on from the last one and whose checksum holds: worst case one pass over a segment of 8 MiB, since a checksum is
 * computed only where the number is plausible.
 */
export function scanSegment(bytes: Buffer, first: number): Scan {
  const scan: Scan = { records: [], end: 0, damage: [] }
  let expected = first
  for (let offset = 0; offset < bytes.length; ) {
    const found = recordAt(bytes, offset)
    if (found?.number === expected) {
      scan.records.push({ number: found.number, payload: found.payload })
      expected += 1
      offset = found.end
      scan.end = offset
      continue
    }
    const next = nextRecord(bytes, offset + 1, expected)
    if (!next) break
    scan.damage.push([offset, next.offset])
    expected = next.number
    offset = next.offset
  }
  return scan
}

function nextRecord(bytes: Buffer, from: number, expected: number): { offset: number; number: number } | undefined {
  const numberMax = BigInt(expected) + BigInt(Math.ceil(bytes.length / headerBytes))
  for (let offset = from; offset + headerBytes <= bytes.length; offset += 1) {
    const number = bytes.readBigUInt64LE(offset + 8)
    if (number < expected || number > numberMax) continue
    if (recordAt(bytes, offset)) return { offset, number: Number(number) }
  }
  return undefined
}
