import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readCdrRecord } from '../../bridge/normalise/cdr-record.ts'
import { readFrame } from '../../bridge/normalise/frames.ts'
import { LineSplitter, lineBytesMax } from '../../bridge/normalise/line-splitter.ts'
import { propertyRuns } from '../support/property.ts'

function split(chunks: Buffer[]): { text: string; end: number }[] {
  const splitter = new LineSplitter(0)
  return [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.rest()].map(({ bytes, end }) => ({
    text: bytes.toString('latin1'),
    end,
  }))
}

test('LineSplitter returns the same lines for a file split at every byte', () => {
  const file = Buffer.from('{"a":1}\n\n{"é":"\\n"}\r\nhalf')
  const whole = split([file])
  expect(whole.map(({ text }) => text)).toEqual(['{"a":1}', Buffer.from('{"é":"\\n"}').toString('latin1'), 'half'])
  for (let at = 0; at <= file.length; at += 1) expect(split([file.subarray(0, at), file.subarray(at)])).toEqual(whole)
})

test('LineSplitter returns the same lines and offsets for any chunks', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 30 })), (chunks) => {
      const buffers = chunks.map((chunk) => Buffer.from(chunk))
      expect(split(buffers)).toEqual(split([Buffer.concat(buffers)]))
    }),
    { numRuns: propertyRuns(300) },
  )
})

test('LineSplitter keeps blank lines within a record, and drops those between records', () => {
  const records = split([Buffer.from('\n"a\n\nb"\n\n{"a":"b\n\nc"}\n\n')])
  expect(records.map(({ text }) => text)).toEqual(['"a\n\nb"', '{"a":"b\n\nc"}'])
})

test('LineSplitter cuts and marks an overlong line, and returns the next line complete', () => {
  const splitter = new LineSplitter(0)
  for (let count = 0; count < 10; count += 1) expect(splitter.push(Buffer.alloc(lineBytesMax, 'x'))).toEqual([])
  const [long, next] = splitter.push(Buffer.from('\n{"next":1}\n'))
  expect(long).toMatchObject({ isOverlong: true, end: 10 * lineBytesMax + 1 })
  expect(long?.bytes).toHaveLength(lineBytesMax)
  expect(next).toMatchObject({ isOverlong: false })
  expect(next?.bytes.toString()).toBe('{"next":1}')
})

test('readers of CDR lines and ARI frames do not throw, whatever text they get', () => {
  const almost = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.json(),
    fc
      .record({
        type: fc.constantFrom('Dial', 'ChannelCreated', 'DeviceStateChanged', 'Future'),
        channel: fc.anything(),
      })
      .map((value) => JSON.stringify(value)),
  )
  fc.assert(
    fc.property(almost, (text) => {
      for (const { line } of readCdrRecord('lyon-1', Buffer.from(text ?? ''), { zone: 'UTC' }))
        expect(['cdr', 'header', 'malformed']).toContain(line.kind)
      expect(['event', 'ignored', 'unknown', 'malformed']).toContain(readFrame(Buffer.from(text ?? '')).kind)
    }),
    // The rest of the 10,000 are in bridge-bad-input.test.ts.
    { numRuns: propertyRuns(300) },
  )
})

test.each([
  ['not JSON', '{"accountcode":'],
  ['a row without its key', '{"src":"60"}'],
  ['a list', '[]'],
  ['a line with a NUL', '{"src":"\u0000'],
])('reports a malformed CDR line as malformed: %s', (_what, line) => {
  expect(readCdrRecord('lyon-1', Buffer.from(line), { zone: 'UTC' })).toMatchObject([{ line: { kind: 'malformed' } }])
})

test.each([
  ['ignored', '{"type":"ChannelVarset","application":"x","variable":"SECRET"}'],
  ['unknown', '{"type":"EventOfTheFuture","a":1}'],
  ['malformed', '{"type":"Dial"}'],
  ['malformed', '{"type":""}'],
  ['malformed', 'null'],
  ['malformed', '<html>'],
])('classifies as %s the ARI frame %s', (kind, frame) => {
  expect(readFrame(Buffer.from(frame)).kind).toBe(kind)
})
