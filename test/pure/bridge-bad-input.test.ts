import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import * as v from 'valibot'
import { expect, test } from 'vitest'
import { readCdrRecord } from '../../bridge/normalise/cdr-record.ts'
import { filteredTypes, unusedTypes } from '../../bridge/normalise/event-types.ts'
import { AriEvent, eventSchemas } from '../../bridge/normalise/events.ts'
import { isAsWritten, isUnused, readFrame } from '../../bridge/normalise/frames.ts'
import { LineSplitter } from '../../bridge/normalise/line-splitter.ts'
import { PbxState } from '../../bridge/normalise/pbx-state.ts'
import { propertyRuns } from '../support/property.ts'

/*
 * Goal: no input from a PBX, whether complete, cut or altered, makes a reader fail, hang or lose the input that follows.
 * Method: output of a real Asterisk with random bytes changed, removed or inserted; files read one byte at a time.
 */

const folder = join(import.meta.dirname, '../recordings')
const linesOf = (name: string) => readFileSync(join(folder, name), 'utf8').split('\n').filter(Boolean)
const frames = readdirSync(folder)
  .filter((name) => name.endsWith('.jsonl') && !name.startsWith('cdr_'))
  .flatMap(linesOf)
  .filter((line) => line.startsWith('{'))
const rows = [...linesOf('cdr_adv_sample.jsonl'), ...linesOf('cdr_Master_sample.csv')]

/** Replaces some bytes of `text` by others, fewer or more. */
const altered = (texts: fc.Arbitrary<string>) =>
  fc
    .tuple(texts, fc.array(fc.tuple(fc.nat(), fc.nat(3), fc.uint8Array({ maxLength: 3 })), { maxLength: 3 }))
    .map(([text, changes]) =>
      changes.reduce((bytes, [where, length, put]) => {
        const at = where % (bytes.length + 1)
        return Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + length)])
      }, Buffer.from(text)),
    )

function cdrKinds(chunks: Iterable<Buffer>): string[] {
  const splitter = new LineSplitter(0)
  const lines = [...chunks].flatMap((chunk) => splitter.push(chunk)).concat(splitter.rest())
  return lines.flatMap(({ bytes }) => readCdrRecord('lyon-1', bytes, { zone: 'UTC' }).map(({ line }) => line.kind))
}

test('no event type that has a schema is in the list of unused types', () => {
  expect([...eventSchemas.keys()].filter((type) => unusedTypes.has(type))).toEqual([])
})

test('reads altered files of call records the same when they arrive byte by byte as when they arrive whole', () => {
  const beside = '{"short":1}'
  let read = 0
  fc.assert(
    fc.property(altered(fc.constantFrom(...rows)), (row) => {
      const bytes = Buffer.concat([row, Buffer.from(`\n${beside}\r\n`)])
      const whole = cdrKinds([bytes])
      expect(cdrKinds(Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)))).toEqual(whole)
      read += whole.filter((kind) => kind === 'cdr').length
    }),
    { numRuns: propertyRuns(300) },
  )
  // Some records must have been read.
  expect(read).toBeGreaterThan(propertyRuns(300) / 5)
})

test('altered Asterisk events are read or refused, and the state stays bounded', () => {
  const state = new PbxState()
  const kinds = new Set<string>()
  fc.assert(
    fc.property(altered(fc.constantFrom(...frames)), (bytes) => {
      const frame = readFrame(bytes)
      kinds.add(frame.kind)
      if (frame.kind === 'event') state.apply(frame.event, '2026-11-23T19:00:00.000Z')
    }),
    { numRuns: propertyRuns(1_000) },
  )
  expect([...kinds].sort()).toEqual(['event', 'ignored', 'malformed', 'unknown'])
  expect(state.all().length).toBeLessThan(2_000)
})

test('the hand-written checks accept only events that the schema accepts unchanged', () => {
  const recorded = frames.map((frame) => readFrame(Buffer.from(frame))).filter((frame) => frame.kind === 'event')
  const common = recorded.map(({ event }) => event).filter((event) => isAsWritten(event))
  expect(common.length).toBeGreaterThan(recorded.length * 0.8)
  const odd = fc.constantFrom<unknown>(undefined, null, '', 'x'.repeat(201), 'x'.repeat(1001), 7, [], ['', 'x'], {})
  fc.assert(
    fc.property(fc.constantFrom(...common), fc.nat(), odd, (event, where, value) => {
      const json = structuredClone(event)
      const places = [...fieldsOf(json)]
      const [holder, key] = places[where % places.length] ?? []
      if (holder && key !== undefined) holder[key] = value
      if (!isAsWritten(json)) return
      const parsed = v.safeParse(AriEvent, json)
      expect(parsed.success && parsed.output).toEqual(json)
    }),
    { numRuns: propertyRuns(300) },
  )
})

function* fieldsOf(json: unknown): Generator<[Record<string, unknown>, string]> {
  if (typeof json !== 'object' || json === null) return
  for (const [key, value] of Object.entries(json)) {
    yield [json as Record<string, unknown>, key]
    yield* fieldsOf(value)
  }
}

test('an event cut at any byte is malformed', () => {
  const [frame = ''] = frames.filter((line) => line.includes('"Dial"'))
  for (let at = 0; at < frame.length; at += 1) expect(readFrame(Buffer.from(frame.slice(0, at))).kind).toBe('malformed')
  expect(readFrame(Buffer.from(frame)).kind).toBe('event')
})

test('isUnused decides correctly for all recorded events, from their bytes, whether their type is unused', () => {
  for (const type of filteredTypes) expect(unusedTypes.has(type), type).toBe(true)
  expect(frames.length).toBeGreaterThan(2_000)
  const wrong = frames.filter((frame) => isUnused(Buffer.from(frame)) !== unusedTypes.has(JSON.parse(frame).type))
  expect(wrong).toEqual([])
})

test('isUnused ignores text inside a JSON string that looks like an event type', () => {
  const frame = JSON.stringify({ name: '{"type":"ChannelVarset"}', type: 'Dial' })
  expect(isUnused(Buffer.from(frame))).toBe(false)
  expect(isUnused(Buffer.from('{"type":"'))).toBe(false)
})
