import fc from 'fast-check'
import { expect, test } from 'vitest'
import { stateFormat } from '../../bridge/operate/state-folder.ts'
import { encodeRecord, type SpoolRecord, scanSegment } from '../../bridge/spool/segment.ts'
import { propertyRuns } from '../support/property.ts'

const numbers = (records: readonly SpoolRecord[]) => records.map((record) => record.number)

const records = Array.from({ length: 12 }, (_, index) =>
  encodeRecord(index + 1, Buffer.from(`record ${index + 1} ${'x'.repeat(index * 3)}`)),
)
const segment = Buffer.concat(records)
const ends = records.map((_, index) => Buffer.concat(records.slice(0, index + 1)).length)

test('if a segment is cut at any byte, every whole record before the cut is kept', async () => {
  for (let length = 0; length <= segment.length; length += 1) {
    const scan = scanSegment(segment.subarray(0, length), 1)
    const whole = ends.filter((end) => end <= length).length
    expect(numbers(scan.records)).toEqual(Array.from({ length: whole }, (_, index) => index + 1))
    expect(scan.end).toBe(whole === 0 ? 0 : ends[whole - 1])
  }
})

test('a flipped bit at any position loses only the record that contains it', () => {
  for (let bit = 0; bit < segment.length * 8; bit += 1) {
    const bytes = Buffer.from(segment)
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    const hit = ends.findIndex((end) => bit >> 3 < end) + 1
    const left = Array.from({ length: 12 }, (_, index) => index + 1).filter((number) => number !== hit)
    expect(numbers(scanSegment(bytes, 1).records)).toEqual(left)
  }
})

test('if random bytes are inserted into a segment, it is read without an error and the records before them are kept', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(segment.length), (noise, at) => {
      const bytes = Buffer.concat([segment.subarray(0, at), noise, segment.subarray(at)])
      const found = numbers(scanSegment(bytes, 1).records)
      const before = ends.filter((end) => end <= at).length
      expect(found.slice(0, before)).toEqual(Array.from({ length: before }, (_, index) => index + 1))
    }),
    { numRuns: propertyRuns(300) },
  )
})

/** Format 1, as a bridge of version 0.1.0 has written it: a change of it needs a new `stateFormat`, and code that reads both. */
const ofFirstFormat =
  '1c000000b231eaec29000000000000007b2274797065223a22737769746368686f6f6b2e6761702e7631227d050000002bab93362a00000000000000c3a974c3a9'

test("a segment that the first version wrote is read, and today's is the same", () => {
  const { records: read, damage } = scanSegment(Buffer.from(ofFirstFormat, 'hex'), 41)
  expect(read.map(({ number, payload }) => [number, payload.toString()])).toEqual([
    [41, '{"type":"switchhook.gap.v1"}'],
    [42, 'été'],
  ])
  expect(damage).toEqual([])
  expect(Buffer.concat(read.map(({ number, payload }) => encodeRecord(number, payload))).toString('hex')).toBe(
    ofFirstFormat,
  )
  expect(stateFormat).toBe(1)
})
