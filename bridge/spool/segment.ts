import { crc32 } from 'node:zlib'

/** One record of the spool. `number` counts from 1 over the whole life of the state folder. */
export interface SpoolRecord {
  readonly number: number
  readonly payload: Buffer
}

/** On disk: length u32, crc32 u32, number u64, all little-endian, then the payload. The crc covers length, number, payload. */
const headerBytes = 16
/** The largest event lists 20,000 endpoints, about 0.7 MB; a length over this is damage, not a record. */
export const payloadBytesMax = 1_048_576
/** Of a whole record on disk. */
export const recordBytesMax = headerBytes + payloadBytesMax

export function encodeRecord(number: number, payload: Buffer): Buffer {
  const record = Buffer.allocUnsafe(headerBytes + payload.length)
  record.writeUInt32LE(payload.length, 0)
  record.writeBigUInt64LE(BigInt(number), 8)
  payload.copy(record, headerBytes)
  record.writeUInt32LE(checksum(record, 0, payload), 4)
  return record
}

/** What each byte does to a CRC-32, taken from zlib's own. */
const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => ~crc32(Uint8Array.of(byte ^ 0xff)) ^ 0x00ff_ffff)

/** Of `bytes` in [from, to), one at a time: for a few, a call of zlib's and a view for it cost more. */
function crc32OfFew(bytes: Buffer, from: number, to: number, before: number): number {
  let crc = ~before
  for (let at = from; at < to; at += 1) crc = (crcTable[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8)
  return ~crc >>> 0
}

/** Of the record at `start`: of its length, its number and its payload. */
function checksum(bytes: Buffer, start: number, payload: Buffer): number {
  const ofLength = crc32OfFew(bytes, start, start + 4, 0)
  return crc32(payload, crc32OfFew(bytes, start + 8, start + headerBytes, ofLength))
}

function numberAt(bytes: Buffer, start: number): number {
  return bytes.readUInt32LE(start + 12) * 2 ** 32 + bytes.readUInt32LE(start + 8)
}

/** A record and where it stands in the bytes. */
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
 * The good records of a segment's bytes, from where record `expected` should stand. A damaged stretch is passed over by
 * looking, byte by byte, for the next record whose number goes on from the last one and whose checksum holds: worst case
 * one pass over a segment of 8 MiB, since a checksum is computed only where the number is plausible.
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
  /** Bytes up to and with the last good record; what follows is a torn tail. */
  end: number
  /** Stretches between good records that are damaged, as [from, to) in bytes. */
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
