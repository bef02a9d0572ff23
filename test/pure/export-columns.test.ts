import { expect, test } from 'vitest'
import { columnsOf, csvCells } from '../../functions/domain/exports/columns.ts'
import { groupedNumber } from '../../functions/domain/exports/grouped-number.ts'
import { numbering } from '../../functions/domain/phone-number.ts'
import { offsetsOf } from '../../functions/domain/stats/zone.ts'
import { writeWorkbook } from '../../functions/http/exports/workbook.ts'
import { makeCdr } from '../support/cdrs.ts'
import { readWorkbook } from '../support/workbook.ts'

test.each([
  ['FR', '0612345678', '06 12 34 56 78'],
  ['FR', '+33612345678', '06 12 34 56 78'],
  ['FR', '0033612345678', '06 12 34 56 78'],
  ['FR', '+33800123456', '0 800 12 34 56'],
  ['FR', '+32470123456', '00 32 470 12 34 56'],
  ['FR', '+12015550123', '00 1 201 555 0123'],
  ['FR', '+999123', '00 99 91 23'],
  ['FR', '0601', '06 01'],
  ['FR', '12345678901234567890', '12 34 56 78 90 12 34 56 78 90'],
  ['US', '+12015550123', '201 555 0123'],
  ['US', '+33612345678', '011 33 6 12 34 56 78'],
  ['AU', '1300123456', '13 00 12 34 56'],
  ['FR', '60', '60'],
  ['FR', '*98', '*98'],
  ['FR', 'anonymous', 'anonymous'],
  ['FR', '=1+1', '=1+1'],
  ['FR', '', ''],
])('in %s, %s is written %s, which no spreadsheet reads as a quantity', (country, number, grouped) => {
  expect(groupedNumber(number, numbering(country))).toBe(grouped)
})

test.each([
  ['Europe/Paris', '2026-11-23T19:00:00+0000', '2026-11-23 20:00:00'],
  ['Europe/Paris', '2026-07-01T22:30:00+0000', '2026-07-02 00:30:00'],
  ['Europe/Paris', '2026-07-01T18:30:00-0400', '2026-07-02 00:30:00'],
  ['America/New_York', '2026-11-23T01:00:00+0100', '2026-11-22 19:00:00'],
])('in %s, a call of %s is at %s in the report', (zone, start, shown) => {
  const columns = columnsOf('report', 'fr')
  const cdr = makeCdr(0, { start, src: '0612345678' })
  const cells = csvCells(cdr, columns, numbering('FR'), offsetsOf(zone))
  expect(cells).toEqual([shown, '06 12 34 56 78', '61', 9])
})

test('the headings of the report are in the language of the site', () => {
  const headings = (language: 'fr' | 'en') => columnsOf('report', language).map(({ heading }) => heading)
  expect(headings('fr')).toEqual(['date', 'appelant', 'appelé', 'durée'])
  expect(headings('en')).toEqual(['date', 'caller', 'called', 'duration'])
})

const spellings = [
  '0612345678',
  '+33612345678',
  '60',
  '=1+1',
  '@SUM(A1)',
  '-2+3',
  '007',
  'constructor',
  '__proto__',
  '_x0041_',
  'Anaïs <&> 😀',
]

test('an XLSX file has text cells for numbers, date cells in the site’s zone and number cells for seconds', async () => {
  const cdrs = spellings.map((src, n) => makeCdr(n, { src, dst: src, start: '2026-10-25T00:30:00+0000', answer: '' }))
  const columns = columnsOf('full', 'fr')
  const cells = await readWorkbook(await writeWorkbook(cdrs, columns, 'fr', offsetsOf('Europe/Paris')))
  const letterOf = (field: string) => String.fromCharCode(65 + columns.findIndex((column) => column.field === field))
  const [src, start, answer, duration] = ['src', 'start', 'answer', 'duration'].map(letterOf)
  expect(cells[`${src}1`]).toMatchObject({ type: 's', value: 'src' })
  for (const [n, text] of spellings.entries()) {
    const value = text.replace('_x0041_', '_x005F_x0041_')
    // The library cannot hold the name of a property of every object, so a space follows it.
    expect(cells[`${src}${n + 2}`]).toEqual({ type: 's', value: text in {} ? `${text} ` : value, format: '@' })
    expect(cells[`${duration}${n + 2}`]).toEqual({ type: 'n', value: '9', format: 'General' })
    expect(cells[`${answer}${n + 2}`]).toBeUndefined()
    const { type, value: serial = '', format } = cells[`${start}${n + 2}`] ?? {}
    // Days since 1899-12-30: 2:30 by the clock of Paris.
    expect([type, Math.round((Number(serial) - 46_320) * 1_440), format]).toEqual(['n', 150, 'yyyy-mm-dd hh:mm:ss'])
  }
})
