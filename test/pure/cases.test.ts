import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readFrame } from '../../bridge/normalise/frames.ts'
import { PbxState } from '../../bridge/normalise/pbx-state.ts'
import type { Cdr } from '../../contracts/cdr.ts'
import { splitCsvRecord } from '../../contracts/cdr-row/csv-record.ts'
import { readJsonLine } from '../../contracts/cdr-row/json-line.ts'
import { layoutOf } from '../../contracts/cdr-row/layout.ts'
import { convertRow, type TableRow } from '../../contracts/cdr-row/table-row.ts'
import { numberSearch } from '../../contracts/numbers/number-search.ts'
import { callOf } from '../../functions/domain/calls/call.ts'
import { byteOrderMark, csvRecord } from '../../functions/domain/csv.ts'
import { columnsOf, csvCells } from '../../functions/domain/exports/columns.ts'
import { eraseCdr } from '../../functions/domain/personal/erase-cdr.ts'
import { canonicalNumber, type Numbering, numbering } from '../../functions/domain/phone-number.ts'
import { hourKey, offsetsOf } from '../../functions/domain/stats/zone.ts'
import { parseSearch } from '../../functions/http/search/search-query.ts'
import { makeCdr } from '../support/cdrs.ts'

/**
 * Goal: what went wrong at other people's servers stays right. Each test is named after its case; the other cases are in
 * cdr-layouts (01, 02, 03, 08, 21, 22), call-stories (04, 06, 20), channel-name (17) and test/cloud/import (12, 15).
 */
const text = (name: string) => readFileSync(new URL(`../cases/${name}`, import.meta.url), 'utf8')
const rows = (name: string): TableRow[] => JSON.parse(text(name))
const cdrOf = (row: TableRow, zone = 'Europe/Paris'): Cdr => {
  const converted = convertRow(row, zone)
  if ('refused' in converted) throw new Error(converted.refused)
  return converted.row.cdr
}
const csvOf = (record: string): TableRow => {
  const fields = splitCsvRecord(record) ?? []
  const found = layoutOf(fields)
  if (found.kind !== 'layout') throw new Error(found.reason)
  return Object.fromEntries(found.layout.map((name, n) => [name, fields[n] ?? '']))
}

test.each(['0', '9'])(
  'case 11: numbers dialled with the outside prefix %s are shown, found and erased as what was called',
  (prefix) => {
    const site: Numbering = { country: 'FR', outsidePrefix: prefix }
    const real: TableRow = JSON.parse(text('cdr/outside-prefix.jsonl').split('\n')[0] ?? '')
    const dialled = prefix === '0' ? ['00612345678', '0033612345678'] : ['90612345678']
    const cdrs = [...rows('cdr/outside-prefix.json'), ...(prefix === '0' ? [real] : [])].map((row) => cdrOf(row))
    const calls = cdrs.filter(({ dst }) => dialled.includes(dst))
    expect(calls.length).toBe(prefix === '0' ? 3 : 1)
    const search = numberSearch('+33612345678', site)
    for (const cdr of calls) {
      const call = callOf([cdr], site)
      expect(call).toMatchObject({ direction: 'outbound', dialled: '+33612345678' })
      expect(parseSearch({ called: '0612345678' }, site, Date.now()).party?.exact).toBe(call?.dialled)
      expect(eraseCdr(cdr, search, (id) => id)).toMatchObject({ dst: '(erased)' })
    }
    const london = cdrs.find(({ dst }) => dst === '000441632960961')
    if (prefix === '0') expect(london && callOf([london], site)?.dialled).toBe('+441632960961')
  },
)

const hiddenNumbers = [
  ...['anonymous', 'Anonymous', 'Restricted', 'Unavailable', 'unknown', '<unknown>', 'anonymous@anonymous.invalid'],
  ...['sip:anonymous@anonymous.invalid', '+', '266696687', 'private', 'P', 'O', 'No Caller ID', 'Numéro masqué'],
]
const asTheyAre = ['3631', '112', '1001001', 's', '1001-web', '60@internes', '0800000000', '+1 555 010 0199']
test.each<string>(JSON.parse(text('number-spellings.json')))(
  'case 16: reads the spelling %j as a person would',
  (spelling) => {
    const read = canonicalNumber(spelling, { country: 'FR' })
    if (hiddenNumbers.includes(spelling)) expect(read).toBe('')
    else if (!asTheyAre.includes(spelling)) expect(read).toBe('+33612345678')
    else {
      const wanted: Record<string, string> = {
        '60@internes': '60',
        '0800000000': '+33800000000',
        '+1 555 010 0199': '+15550100199',
      }
      expect(read).toBe(wanted[spelling] ?? spelling)
    }
  },
)

test('case 15: a ring group of a Master.csv without a sequence is one call, answered by the phone that took it', () => {
  const cdrs = text('cdr/fork-18.csv')
    .trimEnd()
    .split('\n')
    .map((record) => cdrOf(csvOf(record)))
  expect(cdrs.map(({ dstchannel }) => dstchannel)).toEqual(['SIP/101-00000002', 'SIP/103-00000004'])
  expect(new Set(cdrs.map(({ sequence }) => sequence)).size).toBe(2)
  const call = callOf(cdrs, { country: 'FR' })
  expect(call).toMatchObject({ result: 'answered', talkSeconds: 120, answeredBy: { endpoint: 'SIP/103' } })
})

test('case 20: a snoop on one leg of a call makes no live call of its own', () => {
  const state = new PbxState()
  const facts = text('live-snoop.jsonl')
    .trimEnd()
    .split('\n')
    .flatMap((line) => {
      const frame = readFrame(Buffer.from(line))
      return frame.kind === 'event' ? state.apply(frame.event, '2026-11-30T13:51:41.000Z') : []
    })
  const calls = facts.flatMap((fact) => (fact.kind === 'call' ? [fact.state] : []))
  expect(new Set(calls.map(({ call }) => call))).toEqual(new Set(['pbx1-1796046701.25']))
  expect(JSON.stringify(facts)).not.toContain('Snoop/')
})

test('case 22: the CSV mapping has the whole record that JSON cuts, and both name the same call', () => {
  const whole = cdrOf(csvOf(text('cdr/json-cut-same-call.csv').trimEnd()), 'UTC')
  const cut = readJsonLine(text('cdr/json-cut.jsonl').trimEnd())
  if (cut.kind !== 'row') throw new Error('the cut line cannot be read')
  const repaired = cdrOf(JSON.parse(JSON.stringify(cut.row)), 'UTC')
  for (const field of ['src', 'dst', 'duration', 'billsec', 'uniqueid', 'linkedid'] as const) {
    expect([field, repaired[field]]).toEqual([field, whole[field]])
  }
  expect(whole.userfield.length).toBeGreaterThan(repaired.userfield.length - 1)
})

test('case live-08: the report of a French site opens by double click, with numbers that stay as they were dialled', () => {
  const numbers = ['0612345678', '+33612345678', '0033612345678901234', '1E5', '60', '=1+1']
  const columns = columnsOf('report', 'fr')
  const lines = numbers.map((src, n) => {
    return csvRecord(csvCells(makeCdr(n, { src }), columns, numbering('FR'), offsetsOf('Europe/Paris')), ';')
  })
  const file =
    byteOrderMark +
    csvRecord(
      columns.map(({ heading }) => heading),
      ';',
    ) +
    lines.join('')
  expect(file.startsWith('\ufeffdate;appelant;appelé;durée\r\n')).toBe(true)
  const shown = lines.map((line) => line.split(';')[1] ?? '')
  expect(shown.slice(0, 2)).toEqual(['06 12 34 56 78', '06 12 34 56 78'])
  // No visible quote, no run of digits that a spreadsheet rounds, no formula.
  for (const cell of shown.slice(0, 3)) expect(cell).toMatch(/^\d{2,3}( \d{1,4})+$/)
  expect(shown[4]).toBe('60')
  expect(shown[5]?.startsWith('=')).toBe(false)
})

test('case live-09: the report and the statistics put a call of a PBX in UTC into the same hour of the site', () => {
  const offsetAt = offsetsOf('Europe/Paris')
  const cdr = makeCdr(0, { start: '2026-11-30T15:25:15+0000' })
  const [date] = csvCells(cdr, columnsOf('report', 'fr'), numbering('FR'), offsetAt)
  expect(date).toBe('2026-11-30 16:25:15')
  expect(hourKey(Date.parse('2026-11-30T15:25:15Z') / 1000, offsetAt)).toContain('2026-11-30T16')
})
