import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readCdrRecord } from '../../bridge/normalise/cdr-record.ts'
import { heldBytesMax, LineSplitter } from '../../bridge/normalise/line-splitter.ts'
import { propertyRuns } from '../support/property.ts'

const sample = readFileSync('test/recordings/cdr_Master_sample.csv', 'utf8').trimEnd().split('\n')
const jsonSample = readFileSync('test/recordings/cdr_adv_sample.jsonl', 'utf8').split('\n')[0] ?? ''

function read(file: Buffer | string, zone = 'Europe/Paris') {
  const splitter = new LineSplitter(0)
  const lines = [...splitter.push(Buffer.from(file)), ...splitter.rest()]
  return lines.flatMap(({ bytes }) => readCdrRecord('lyon-1', bytes, { zone }).map(({ line }) => line))
}

function cdrs(file: Buffer | string, zone?: string) {
  return read(file, zone).flatMap((line) => (line.kind === 'cdr' ? [line.event.data.cdr] : []))
}

test('reads every row of a real Master.csv, also with CRLF line ends and a byte order mark', () => {
  const rows = cdrs(sample.join('\n'))
  expect(rows).toHaveLength(sample.length)
  expect(rows).toEqual(cdrs(`\ufeff${sample.join('\r\n')}\r\n`))
})

const row21 =
  '"","5860","61","internal","""Anne, é"" <5860>","PJSIP/5860-1","PJSIP/5861-2","Dial","x","2026-07-01 12:00:00","2026-07-01 12:00:05","2026-07-01 12:00:09",9,4,"ANSWERED","DOCUMENTATION","pbx1-1782900000.2","","","pbx1-1782900000.2",7'

test('the json of a CDR line is exactly its serialised event, also if the line was formatted in another way', () => {
  for (const line of [jsonSample, ` ${jsonSample}`, jsonSample.replace('{', '{ '), ...sample]) {
    for (const part of read(line)) {
      if (part.kind === 'cdr') expect(part.json).toBe(JSON.stringify(part.event))
    }
  }
  const [asWritten] = read(jsonSample)
  expect(asWritten).toMatchObject({ kind: 'cdr', event: { data: { cdr: JSON.parse(jsonSample) } } })
})

test('reads rows of 21, 19 and 18 columns with times in the zone of the PBX, and derives a missing sequence', () => {
  const [row] = cdrs(row21)
  expect(row).toMatchObject({ clid: '"Anne, é" <5860>', start: '2026-07-01T10:00:00+0000', sequence: 7 })
  const row18 = row21.split(',').slice(0, -3).join(',')
  const [one, again] = [...cdrs(row18), ...cdrs(row18)]
  expect(one).toMatchObject({ linkedid: 'pbx1-1782900000.2', uniqueid: 'pbx1-1782900000.2' })
  expect(again).toEqual(one)
  const row19 =
    '2026-07-01 12:00:00,"5860","5860",61,internal,PJSIP/5860-1,PJSIP/5861-2,Dial,x,9,4,ANSWERED,3,,pbx1-1782900000.2,,,pbx1-1782900000.2,7'
  expect(cdrs(row19)[0]).toMatchObject({ src: '5860', start: '2026-07-01T10:00:00+0000', amaflags: 'DOCUMENTATION' })
})

test('keeps a line break inside quotes, and reads bytes that are not UTF-8 as Latin-1', () => {
  const [row, next] = cdrs(`${row21.replace('"x"', '"x\ny"')}\n${row21}`)
  expect([row?.lastdata, next?.lastdata]).toEqual(['x\ny', 'x'])
  expect(cdrs(Buffer.from(row21, 'latin1'))[0]?.clid).toBe('"Anne, é" <5860>')
})

test('an unclosed quote makes only its own row malformed', () => {
  const rows = cdrs(`"broken,1,2\n${`${row21}\n`.repeat(Math.ceil(heldBytesMax / row21.length) + 5)}`)
  expect(rows.length).toBeGreaterThanOrEqual(Math.ceil(heldBytesMax / row21.length) + 4)
})

test('reads a file in which JSON lines follow CSV lines', () => {
  expect(cdrs(`${jsonSample}\n${row21}\n${jsonSample}\n`)).toHaveLength(3)
})

test.each(['17 columns', '25 columns'])(
  'a row of %s, which Asterisk never writes, is reported as malformed',
  (what) => {
    const row = Array.from({ length: Number.parseInt(what, 10) }, () => 'x').join(',')
    expect(read(row)).toEqual([{ kind: 'malformed', reason: `${what} in no order that Asterisk writes` }])
  },
)

test('reads any CSV text the same, whether it arrives whole or split anywhere', () => {
  const pieces = fc.array(
    fc.constantFrom(',', '"', '""', '\n', '\r\n', 'x', '\u0000', 'é', '2026-07-01 12:00:00', row21),
  )
  fc.assert(
    fc.property(pieces, fc.nat(), (parts, cut) => {
      const file = Buffer.from(parts.join(''))
      const at = file.length === 0 ? 0 : cut % file.length
      const whole = read(file)
      const splitter = new LineSplitter(0)
      const lines = [...splitter.push(file.subarray(0, at)), ...splitter.push(file.subarray(at)), ...splitter.rest()]
      expect(
        lines.flatMap(({ bytes }) => readCdrRecord('lyon-1', bytes, { zone: 'UTC' }).map(({ line }) => line.kind)),
      ).toEqual(whole.map(({ kind }) => kind))
    }),
    { numRuns: propertyRuns(300) },
  )
})
