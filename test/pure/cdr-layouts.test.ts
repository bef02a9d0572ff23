import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Cdr } from '../../contracts/cdr.ts'
import { splitCsvRecord } from '../../contracts/cdr-row/csv-record.ts'
import { doubtOf } from '../../contracts/cdr-row/doubt.ts'
import { readJsonLine } from '../../contracts/cdr-row/json-line.ts'
import {
  isHeader,
  type Layout,
  layoutOf,
  namesIn,
  recommendedLayout,
  recommendedMapping,
} from '../../contracts/cdr-row/layout.ts'
import { convertRow, type TableRow } from '../../contracts/cdr-row/table-row.ts'
import { makeCdr } from '../support/cdrs.ts'

/**
 * Goal: every record that some Asterisk writes is read, or refused with a reason.
 * Method: files of real PBXs (test/cases/cdr), then records in every known order with hostile texts in them.
 */
const records = (name: string) =>
  readFileSync(new URL(`../cases/cdr/${name}`, import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
const read = (record: string, zone = 'Europe/Paris'): Cdr => {
  const fields = splitCsvRecord(record) ?? []
  const found = layoutOf(fields)
  if (found.kind !== 'layout') throw new Error(found.reason)
  const row = Object.fromEntries(found.layout.map((name, n) => [name, fields[n] ?? '']))
  const converted = convertRow(row, zone)
  if ('refused' in converted) throw new Error(converted.refused)
  return converted.row.cdr
}

test('case 01: in the hour that occurs twice in autumn, the uniqueid decides which one is meant, and no call ends before it starts', () => {
  const [across, second] = records('dst-fall-back.csv').map((record) => read(record))
  expect([across?.start, across?.end]).toEqual(['2026-10-25T00:59:50+0000', '2026-10-25T01:00:20+0000'])
  expect([second?.start, second?.end]).toEqual(['2026-10-25T01:30:00+0000', '2026-10-25T01:30:30+0000'])
})

test('case 02: reads three rows of 17 columns that end in userfield as three calls, not as one', () => {
  const cdrs = records('master-17-userfield.csv').map((record) => read(record))
  expect(cdrs.map(({ userfield }) => userfield)).toEqual(['client-17', 'client-17', ''])
  expect(new Set(cdrs.map(({ linkedid }) => linkedid)).size).toBe(3)
})

test('case 03: distinguishes the sample mapping of Asterisk from the SQL order, which both have 19 columns', () => {
  expect(records('sample-mapping-19.csv').map((record) => read(record))).toMatchObject([
    { src: '60', uniqueid: '1795460590.1' },
  ])
})

test('case 21: reads JSON lines in which Asterisk did not escape quotes, backslashes and tabs of a name', () => {
  const clids = records('json-unescaped.jsonl').map((line) => {
    const found = readJsonLine(line)
    return found.kind === 'row' ? [Object.keys(found.row).length, found.row['clid'], found.isCut] : found
  })
  expect(clids).toEqual([
    [21, String.raw`"Dan \"Danny\" Roe" <1004>`, false],
    [21, String.raw`"Jean \\\"JJ\\\" Dupont" <0612345678>`, false],
    [21, '"Tab\there" <0612345678>', false],
  ])
})

test('case 22: a JSON line that Asterisk cut off gives the fields that are complete', () => {
  const found = readJsonLine(records('json-cut.jsonl')[0] ?? '')
  expect(found).toMatchObject({ kind: 'row', isCut: true, row: { uniqueid: '1796049991.15', peeraccount: '' } })
  expect(found.kind === 'row' && 'linkedid' in found.row).toBe(false)
})

test.each([
  [0, 'ends in the future'],
  [1, 'ends in the future'],
  [2, 'talks longer than it lasts'],
])('case 08: a CDR with impossible lengths (record %i) is doubtful, because it %s', (n, reason) => {
  const rows: TableRow[] = JSON.parse(records('huge-duration.json').join('\n'))
  const converted = convertRow(rows[n] ?? {}, 'UTC')
  expect('row' in converted && doubtOf(converted.row.cdr, 1_796_046_554)).toBe(reason)
})

test.each([
  ['0000-00-00 00:00:00', '2026-11-23T19:01:00+0000'],
  ['', '2026-11-23T19:01:00+0000'],
  ['2026-11-23 20:01:00.613', '2026-11-23T19:01:00+0000'],
  ['2026-11-23T19:01:00+0000', '2026-11-23T19:01:00+0000'],
  ['2026-11-23T20:01:00.250+01:00', '2026-11-23T19:01:00+0000'],
  ['1795460460', '2026-11-23T19:01:00+0000'],
])('finds the start time of a row whose column start is "%s"', (start, expected) => {
  const converted = convertRow({ ...makeCdr(1), start, uniqueid: '1795460460.2' } as TableRow, 'Europe/Paris')
  expect('row' in converted && converted.row.cdr.start).toBe(expected)
})

test('an answer time of 1970 means that the call was not answered', () => {
  const row = { ...makeCdr(1), disposition: 'NO ANSWER', answer: '1970-01-01 00:00:00', billsec: 0 } as TableRow
  const converted = convertRow(row, 'UTC')
  expect('row' in converted && converted.row.cdr.answer).toBe('')
})

test('reads the names of the columns from a header or from the mapping in cdr_custom.conf', () => {
  expect(namesIn(recommendedMapping.split('=>')[1] ?? '')).toEqual(recommendedLayout)
  const header = ['calldate', 'clid', 'src', 'dst', 'duration', 'billsec', 'disposition', 'uniqueid']
  expect(namesIn(header.join(','))).toEqual(header)
  expect(namesIn(`"${header.join('", "').toUpperCase()}"`)).toEqual(header)
  const advanced = 'fields = clid,start(%FT%T%z),duration,billsec,disposition,did(uservar)'
  expect(namesIn(advanced)).toEqual(['clid', 'start', 'duration', 'billsec', 'disposition', 'did'])
  const field = (name: string) => `\${CDR(${name})}`
  const others = `"${field('start,u')}","\${CALLERID(all)}",${field('duration')},${field('billsec')},${field('disposition')}`
  expect(namesIn(others)).toEqual(['start', 'column2', 'duration', 'billsec', 'disposition'])
  for (const none of ['', 'clid,src,dst', 'start,start,duration,billsec,disposition', '2026-11-23 20:00:00,60,61,9,7'])
    expect(namesIn(none)).toBeUndefined()
  expect(isHeader(splitCsvRecord(records('sample-mapping-19.csv')[0] ?? '') ?? [])).toBe(false)
})

const base =
  'accountcode src dst dcontext clid channel dstchannel lastapp lastdata start answer end duration billsec disposition amaflags'
const sql =
  'calldate clid src dst dcontext channel dstchannel lastapp lastdata duration billsec disposition amaflags accountcode uniqueid userfield'
const orders: Record<string, Layout> = {
  'Master.csv, 16': base.split(' '),
  'Master.csv with uniqueid, 17': `${base} uniqueid`.split(' '),
  'Master.csv, 18': `${base} uniqueid userfield`.split(' '),
  'Master.csv, new columns alone, 19': `${base} peeraccount linkedid sequence`.split(' '),
  'Master.csv, 20': `${base} uniqueid peeraccount linkedid sequence`.split(' '),
  'Master.csv, 21': `${base} uniqueid userfield peeraccount linkedid sequence`.split(' '),
  'the recommended mapping, 25': recommendedLayout,
  "Asterisk's own table, 21": `${base} userfield uniqueid linkedid peeraccount sequence`.split(' '),
  'SQL, 16': sql.split(' '),
  'SQL, 19': `${sql} peeraccount linkedid sequence`.split(' '),
  'SQL of FreePBX, 18': `${sql} did recordingfile`.split(' '),
}
const texts = fc.string({
  unit: fc.constantFrom('a', '"', '\\', ',', '\t', '\n', 'é', '😀', "'", ' ', '0'),
  maxLength: 12,
})

test.each(Object.entries(orders))(
  'reads a row of the layout "%s" whose texts contain separators and quotes',
  (_name, layout) => {
    fc.assert(
      fc.property(texts, texts, texts, fc.nat(86_400), (name, userfield, lastdata, second) => {
        const cdr = {
          ...makeCdr(second),
          clid: `"${name}" <60>`,
          userfield: `u${userfield}`,
          lastdata,
          did: '',
          cnum: '60',
          cnam: name,
          recordingfile: '',
        }
        const record = layout.map((field) => quoted(textOf(cdr, field))).join(',')
        const got = read(record, 'UTC')
        expect(got).toMatchObject({
          src: cdr.src,
          dst: cdr.dst,
          clid: cdr.clid,
          lastdata,
          start: cdr.start,
          duration: cdr.duration,
        })
        if (layout.includes('uniqueid')) expect(got.uniqueid).toBe(cdr.uniqueid)
        if (layout.includes('userfield')) expect(got.userfield).toBe(cdr.userfield)
      }),
    )
  },
)

test('reads every JSON line that Asterisk writes without escapes', () => {
  fc.assert(
    fc.property(texts, texts, (name, userfield) => {
      const cdr = {
        ...makeCdr(1),
        clid: `"${name.replaceAll('\n', ' ')}" <60>`,
        userfield: userfield.replaceAll('\n', ' '),
      }
      const line = `{${Object.entries(cdr)
        .map(
          ([field, value]) => `"${field}":${typeof value === 'number' ? value : `"${value.replaceAll('"', '\\"')}"`}`,
        )
        .join(',')}}`
      const found = readJsonLine(line)
      expect(found).toMatchObject({ kind: 'row', isCut: false })
      if (found.kind === 'row') expect(Object.keys(found.row)).toEqual(Object.keys(cdr))
    }),
  )
})

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`
}

function textOf(cdr: Record<string, unknown>, field: string): string {
  const value = field === 'calldate' ? cdr['start'] : cdr[field]
  const isTime = ['calldate', 'start', 'answer', 'end'].includes(field)
  return isTime ? String(value).slice(0, 19).replace('T', ' ') : String(value)
}
