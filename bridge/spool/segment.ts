import { crc32 } from 'node:zlib'

/** A record of the spool. Numbers start at 1 and increase over the whole life of the state folder. */
export interface SpoolRecord {
  readonly number: number
  readonly payload: Buffer
}

/** On disk: length u32, crc32 u32, number u64 (little-endian), then the payload. The CRC covers length, number and payload. */
const headerBytes = 16
/** The largest event lists 20,000 endpoints, about 0.7 MB. A greater length on disk means damage. */
export const payloadBytesMax = 1_048_576
export const recordBytesMax = headerBytes + payloadBytesMax

export function encodeRecord(number: number, payload: Buffer): Buffer {
  const record = Buffer.allocUnsafe(headerBytes + payload.length)
  record.writeUInt32LE(payload.length, 0)
  record.writeBigUInt64LE(BigInt(number), 8)
  payload.copy(record, headerBytes)
  record.writeUInt32LE(checksum(record, 0, payload), 4)
  return record
}

/** The lookup table of CRC-32, computed with zlib. */
const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => ~crc32(Uint8Array.of(byte ^ 0xff)) ^ 0x00ff_ffff)

/** Returns the CRC-32 of a few bytes [from, to). For so few, calling zlib with a view would take longer than this loop. */
function crc32OfFewBytes(bytes: Buffer, from: number, to: number, before: number): number {
  let crc = ~before
  for (let at = from; at < to; at += 1) crc = (crcTable[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8)
  return ~crc >>> 0
}

/** Returns the CRC-32 of length, number and payload of the record at `start`. */
function checksum(bytes: Buffer, start: number, payload: Buffer): number {
  const ofLength = crc32OfFewBytes(bytes, start, start + 4, 0)
  return crc32(payload, crc32OfFewBytes(bytes, start + 8, start + headerBytes, ofLength))
}

function numberAt(bytes: Buffer, start: number): number {
  return bytes.readUInt32LE(start + 12) * 2 ** 32 + bytes.readUInt32LE(start + 8)
}

/** A record with its position in a buffer. */
export interface LocatedRecord extends SpoolRecord {
  start: number
  end: number
}

function recordAt(bytes: Buffer, start: number): LocatedRecord | undefined {
  if (start + headerBytes > bytes.length) return undefined
  const length = bytes.readUInt32LE(start)
  const end = start + headerBytes + length
  if (length > payloadBytesMax || end > bytes.length) return undefined
  const payload = bytes.subarray(start + headerBytes, end)
  if (bytes.readUInt32LE(start + 4) !== checksum(bytes, start, payload)) return undefined
  return { number: numberAt(bytes, start), payload, start, end }
}

/**
 * Yields the good records of a segment's bytes, starting where record `expected` should be. After damage it searches, byte by
 * byte, for the next record with a plausible number and a correct checksum. Worst case: one pass over a segment of 8 MiB,
 * since the checksum is computed only where the number is plausible.
 */
export function* recordsIn(bytes: Buffer, expected: number): Generator<LocatedRecord> {
  for (let [next, start] = [expected, 0]; start < bytes.length; ) {
    const here = recordAt(bytes, start)
    const found = here?.number === next ? here : nextRecord(bytes, start + 1, next)
    if (!found) return
    yield found
    next = found.number + 1
    start = found.end
  }
}

function nextRecord(bytes: Buffer, from: number, expected: number): LocatedRecord | undefined {
  const numberMax = expected + Math.ceil(bytes.length / headerBytes)
  for (let start = from; start + headerBytes <= bytes.length; start += 1) {
    const number = numberAt(bytes, start)
    if (number < expected || number > numberMax) continue
    const found = recordAt(bytes, start)
    if (found) return found
  }
  return undefined
}

export interface Scan {
  records: SpoolRecord[]
  /** Offset of the end of the last good record. Bytes after it are a torn end. */
  end: number
  /** Damaged byte ranges [from, to) between good records. */
  damage: [number, number][]
}

export function scanSegment(bytes: Buffer, first: number): Scan {
  const scan: Scan = { records: [], end: 0, damage: [] }
  for (const { number, payload, start, end } of recordsIn(bytes, first)) {
    if (start > scan.end) scan.damage.push([scan.end, start])
    scan.records.push({ number, payload })
    scan.end = end
  }
  return scan
}
