import fc from 'fast-check'
import { expect, test } from 'vitest'
import { usualScale } from '../../contracts/grades.ts'
import type { Upload } from '../../contracts/routes/grades.ts'
import { readCsv } from '../../functions/domain/grades/csv.ts'
import { fingerprint } from '../../functions/domain/grades/fingerprint.ts'
import { readUpload } from '../../functions/domain/grades/upload.ts'

const read = (upload: Upload) => readUpload(upload, usualScale)
const fault = (upload: Upload) => read(upload).faults.map(({ row, field, message }) => `${row} ${field}: ${message}`)
const headingMessage =
  '0 heading: Not a heading of known names, each once. Example: matricule,note,mention,pin. The last two are optional.'
const noteMessage = 'Not a number from 0 to 20 with at most two decimals. Example: 14.25.'

test('reads the same rows from JSON and from CSV, with honours in any case and without accents', () => {
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
  [
    'an unquoted decimal comma',
    'matricule,note\n137,15,5',
    '1 row: Not 2 fields. Write a decimal with a point. Example: 14.25.',
  ],
  ['a quoted decimal comma', 'matricule,note\n137,"15,5"', `1 note: ${noteMessage}`],
  ['a decimal comma between semicolons', 'matricule;note\n137;15,5', `1 note: ${noteMessage}`],
  ['a mark that is NaN', 'matricule,note\n137,NaN', `1 note: ${noteMessage}`],
  ['a negative mark', 'matricule,note\n137,-1', `1 note: ${noteMessage}`],
  ['a mark above the scale', 'matricule,note\n137,20.25', `1 note: ${noteMessage}`],
  ['a mark written as a fraction', 'matricule,note\n137,21/20', `1 note: ${noteMessage}`],
  ['a mark with an exponent', 'matricule,note\n137,1e1', `1 note: ${noteMessage}`],
  [
    'a mark with three decimals',
    'matricule,note\n137,15.125',
    '1 note: Too many decimals: at most two. Example: 14.25.',
  ],
  ['a formula as a mark', 'matricule,note\n137,=1+1', '1 note: A spreadsheet formula is not allowed.'],
  [
    'a formula as a student number',
    'matricule,note\n"=HYPERLINK(""x"")",12',
    '1 matricule: A spreadsheet formula is not allowed.',
  ],
  [
    'an empty student number',
    'matricule,note\n,12',
    '1 matricule: Not a student number of 3 to 12 digits. Example: 100.',
  ],
  ['a repeated student number', 'matricule,note\n137,12\n138,1\n137,13', '3 matricule: Duplicate of row 1.'],
  [
    'unknown honours',
    'matricule,note,mention\n137,12,super',
    '1 mention: Not an honour. Use one of échec, passable, assez bien, bien, très bien.',
  ],
  ['a short PIN', 'matricule,note,pin\n137,12,123', '1 pin: Not a PIN of 4 to 8 digits. Example: 4821.'],
  ['a heading with unknown names', 'id,mark\n137,12', headingMessage],
  ['a missing heading', '137,12', headingMessage],
  [
    'a quote that never closes',
    'matricule,note\n"137,12\n138,13',
    '0 csv: A quote never closes, or a field has over 1,000 characters.',
  ],
])('refuses %s in a CSV and names row and field', (_, csv, message) => {
  expect(fault({ csv })).toEqual([message])
})

test('refuses JSON rows that are not objects, or have marks that are not numbers, and names row and field', () => {
  const rows = [null, 5, { matricule: 137, note: 12 }, { matricule: '137', note: '12' }, { matricule: '138' }]
  expect(fault({ rows })).toEqual([
    '1 row: Not an object with matricule and note. Example: {"matricule": "137", "note": 14.25}.',
    '2 row: Not an object with matricule and note. Example: {"matricule": "137", "note": 14.25}.',
    '3 matricule: Not a student number of 3 to 12 digits. Example: 100.',
    `4 note: ${noteMessage}`,
    `5 note: ${noteMessage}`,
  ])
})

test('reports each of ten thousand faulty rows once', () => {
  const csv = `matricule,note\n${Array.from({ length: 10_000 }, (_, n) => `${n % 2 ? 'x' : 1000 + n},${n % 2 ? 12 : 'x'}`).join('\n')}`
  const { rows, faults, count } = read({ csv })
  expect([rows.length, faults.length, count]).toEqual([0, 10_000, 10_000])
  expect(new Set(faults.map(({ row }) => row)).size).toBe(10_000)
})

test('refuses an upload with more than 10,000 rows as a whole', () => {
  expect(fault({ csv: `matricule,note\n${'137,12\n'.repeat(10_001)}` })).toEqual([
    '0 csv: Too many rows: at most 10000.',
  ])
})

test('reads any cells that were written as CSV unchanged, and reads or refuses any other text', () => {
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

test('a fingerprint differs by site, kind and pepper', () => {
  const prints = [
    fingerprint('pepper', 'matricule', 'office', '137'),
    fingerprint('pepper', 'caller', 'office', '137'),
    fingerprint('pepper', 'matricule', 'other', '137'),
    fingerprint('salt', 'matricule', 'office', '137'),
  ]
  expect(new Set(prints).size).toBe(4)
  expect(fingerprint('pepper', 'matricule', 'office', '137')).toBe(prints[0])
})
