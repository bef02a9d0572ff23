import fc from 'fast-check'
import { expect, test } from 'vitest'
import { usualScale } from '../../contracts/grades.ts'
import type { Upload } from '../../contracts/routes/grades.ts'
import { readCsv } from '../../functions/domain/grades/csv.ts'
import { fingerprint } from '../../functions/domain/grades/fingerprint.ts'
import { readUpload } from '../../functions/domain/grades/upload.ts'

const read = (upload: Upload) => readUpload(upload, usualScale)
const fault = (upload: Upload) => read(upload).faults.map(({ row, field, message }) => `${row} ${field}: ${message}`)
const noteMessage = 'a number from 0 to 20 with a point and at most two decimals'

test('the report’s rows are read from JSON and from CSV alike, honours as people write them', () => {
  const rows = [
    { matricule: '137', note: 15.25, mention: 'bien' },
    { matricule: '042', note: 4 },
    { matricule: '514', note: 16, mention: 'très bien' },
  ]
  const csv = 'matricule,note,mention\r\n137,15.25,BIEN\n042,4,\n"514","16","Tres bien"\n\n'
  expect(read({ rows })).toEqual({ rows, faults: [], count: 3 })
  expect(read({ csv })).toEqual({ rows, faults: [], count: 3 })
  expect(read({ csv: `\uFEFF${csv.replaceAll(',', ';')}` })).toEqual({ rows, faults: [], count: 3 })
})

test.each([
  ['a comma in a decimal', 'matricule,note\n137,15,5', '1 row: 2 fields; a decimal has a point, not a comma'],
  ['a quoted comma', 'matricule,note\n137,"15,5"', `1 note: ${noteMessage}`],
  ['a comma between semicolons', 'matricule;note\n137;15,5', `1 note: ${noteMessage}`],
  ['NaN', 'matricule,note\n137,NaN', `1 note: ${noteMessage}`],
  ['less than nothing', 'matricule,note\n137,-1', `1 note: ${noteMessage}`],
  ['more than the top', 'matricule,note\n137,20.25', `1 note: ${noteMessage}`],
  ['a fraction', 'matricule,note\n137,21/20', `1 note: ${noteMessage}`],
  ['an exponent', 'matricule,note\n137,1e1', `1 note: ${noteMessage}`],
  ['three decimals', 'matricule,note\n137,15.125', '1 note: Too many decimals: at most two. Example: 14.25.'],
  ['a formula as a mark', 'matricule,note\n137,=1+1', '1 note: a formula is no value'],
  ['a formula as a number', 'matricule,note\n"=HYPERLINK(""x"")",12', '1 matricule: a formula is no value'],
  ['no number', 'matricule,note\n,12', '1 matricule: Not a student number of 3 to 12 digits. Example: 100.'],
  ['a number twice', 'matricule,note\n137,12\n138,1\n137,13', '3 matricule: stands in row 1 already'],
  [
    'unknown honours',
    'matricule,note,mention\n137,12,super',
    '1 mention: one of échec, passable, assez bien, bien, très bien',
  ],
  ['a short PIN', 'matricule,note,pin\n137,12,123', '1 pin: Not a PIN of 4 to 8 digits. Example: 4821.'],
  [
    'a heading of other names',
    'id,mark\n137,12',
    '0 heading: names matricule, note, mention, pin, the last two if wanted, each once',
  ],
  ['no heading', '137,12', '0 heading: names matricule, note, mention, pin, the last two if wanted, each once'],
  [
    'a quote that never closes',
    'matricule,note\n"137,12\n138,13',
    '0 csv: a quote never closes, or a field is too long',
  ],
])('%s in a CSV is told with its place', (_, csv, told) => {
  expect(fault({ csv })).toEqual([told])
})

test('JSON rows that are no rows, and marks that are no numbers, are told with their place', () => {
  const rows = [null, 5, { matricule: 137, note: 12 }, { matricule: '137', note: '12' }, { matricule: '138' }]
  expect(fault({ rows })).toEqual([
    '1 row: an object with matricule and note',
    '2 row: an object with matricule and note',
    '3 matricule: Not a student number of 3 to 12 digits. Example: 100.',
    `4 note: ${noteMessage}`,
    `5 note: ${noteMessage}`,
  ])
})

test('ten thousand faulty rows are all told, each once', () => {
  const csv = `matricule,note\n${Array.from({ length: 10_000 }, (_, n) => `${n % 2 ? 'x' : 1000 + n},${n % 2 ? 12 : 'x'}`).join('\n')}`
  const { rows, faults, count } = read({ csv })
  expect([rows.length, faults.length, count]).toEqual([0, 10_000, 10_000])
  expect(new Set(faults.map(({ row }) => row)).size).toBe(10_000)
})

test('more rows than an upload may have are refused as a whole', () => {
  expect(fault({ csv: `matricule,note\n${'137,12\n'.repeat(10_001)}` })).toEqual(['0 csv: at most 10000 rows'])
})

test('whatever is written as CSV is read as it was, and whatever comes is read or refused', () => {
  const cell = fc
    .string({ maxLength: 20 })
    .map((text) => text.trim())
    .filter((text) => text !== '')
  const quote = (text: string) => `"${text.replaceAll('"', '""')}"`
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 8 }), (rows) => {
      const text = `a,b\n${rows.map((row) => row.map(quote).join(',')).join('\r\n')}\n`
      expect(readCsv(text)).toEqual([['a', 'b'], ...rows])
    }),
  )
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => Array.isArray(readCsv(text) ?? [])))
})

test('a fingerprint keeps sites, kinds and peppers apart and tells no digits', () => {
  const prints = [
    fingerprint('pepper', 'matricule', 'office', '137'),
    fingerprint('pepper', 'caller', 'office', '137'),
    fingerprint('pepper', 'matricule', 'other', '137'),
    fingerprint('salt', 'matricule', 'office', '137'),
  ]
  expect(new Set(prints).size).toBe(4)
  expect(fingerprint('pepper', 'matricule', 'office', '137')).toBe(prints[0])
})
