import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readCsv } from '../../cli/import/csv.ts'
import { readMasterCsv, type SourceRow } from '../../cli/import/master-csv.ts'
import { localMoment } from '../../contracts/cdr-row/local-moment.ts'
import { convertRow } from '../../contracts/cdr-row/table-row.ts'

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}
async function* pieces(texts: readonly string[]) {
  yield* texts
}
const cutInto = (text: string, size: number) => text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []
const seconds = (text: string) => Date.parse(text) / 1000

test('reads quoted CSV correctly, however it is cut into pieces', async () => {
  const field = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', 'é', ' ') })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(field, { minLength: 2, maxLength: 4 })),
      fc.integer({ min: 1, max: 9 }),
      async (rows, size) => {
        const text = rows.map((row) => `${row.map((one) => `"${one.replaceAll('"', '""')}"`).join(',')}\n`).join('')
        expect(await all(readCsv(pieces(cutInto(text, size))))).toEqual(rows.map((fields) => ({ fields })))
      },
    ),
  )
})

const cut = { refused: 'the file ends in the middle of this record' }
const long = { refused: 'the record is longer than 65536 bytes' }
test.each([
  [
    'a line that was cut inside quotes takes the next line into its field, but no further line',
    ['"a","b\n', '"c"\n', '"e","f"\n'],
    ['a', '"b\n"c"'],
  ],
  [
    'a record of over 65,536 bytes is refused, and the next record is read',
    [`"${'x'.repeat(70_000)}"\n`, '"e","f"\n'],
    long,
  ],
])('%s', async (_, lines, first) => {
  const records = await all(readCsv(pieces(lines)))
  expect(records).toEqual([Array.isArray(first) ? { fields: first } : first, { fields: ['e', 'f'] }])
})

test.each(['"g","h', '"g","h"'])(
  'refuses the last record of a file that ends without a line break, after %s',
  async (last) => {
    expect(await all(readCsv(pieces(['"e","f"\n', last])))).toEqual([{ fields: ['e', 'f'] }, cut])
  },
)

test.each([
  ['2026-11-23 20:03:10', 'Europe/Paris', '2026-11-23T19:03:10Z'],
  ['2026-07-01 20:00:00', 'Europe/Paris', '2026-07-01T18:00:00Z'],
  ['2026-10-25 02:30:00', 'Europe/Paris', '2026-10-25T00:30:00Z'],
  ['2026-03-29 02:30:00', 'Europe/Paris', '2026-03-29T01:30:00Z'],
  ['2026-11-24 01:00:00', 'Asia/Kolkata', '2026-11-23T19:30:00Z'],
])('converts the local time %s in %s to %s', (text, zone, utc) => {
  expect(localMoment(text, zone)).toBe(seconds(utc))
})

test.each(['0000-00-00 00:00:00', '2026-02-30 10:00:00', '', 'NULL', '23/11/2026 10:00'])(
  'rejects %j, which is no date and time',
  (text) => {
    expect(localMoment(text, 'Europe/Paris')).toBeUndefined()
  },
)

const row = {
  calldate: '2026-11-23 20:03:10',
  clid: '"Jean" <60>',
  src: '60',
  dst: '61',
  dcontext: 'internes',
  channel: 'PJSIP/5860-00000001',
  dstchannel: 'PJSIP/5861-00000002',
  lastapp: 'Dial',
  lastdata: 'PJSIP/5861,20',
  duration: 9,
  billsec: 7,
  disposition: 'ANSWERED',
  amaflags: 3,
  accountcode: '',
  uniqueid: 'pbx1-1795460590.0',
  userfield: '',
}

test('derives the times and a stable key for a row of 16 columns', () => {
  const converted = convertRow(row, 'Europe/Paris')
  expect(converted).toMatchObject({
    row: {
      keyed: false,
      cdr: {
        start: '2026-11-23T19:03:10+0000',
        answer: '2026-11-23T19:03:12+0000',
        end: '2026-11-23T19:03:19+0000',
        amaflags: 'DOCUMENTATION',
        linkedid: row.uniqueid,
      },
    },
  })
  expect(convertRow(row, 'Europe/Paris')).toEqual(converted)
  expect(convertRow({ ...row, dst: '62' }, 'Europe/Paris')).not.toEqual(converted)
})

test('replaces a zero date by the time in the uniqueid and reports that, or refuses the row if there is none', () => {
  const zero = convertRow({ ...row, calldate: '0000-00-00 00:00:00' }, 'Europe/Paris')
  expect(zero).toMatchObject({
    row: { cdr: { start: '2026-11-23T19:03:10+0000' } },
    note: expect.stringContaining('no date'),
  })
  const nothing = convertRow({ ...row, calldate: '0000-00-00 00:00:00', uniqueid: 'x' }, 'Europe/Paris')
  expect(nothing).toMatchObject({ refused: expect.stringContaining('date') })
})

test.each([
  [{ ...row, disposition: 'DOCUMENTATION' }, 'order'],
  [{ ...row, duration: 'soon' }, 'numbers of seconds'],
  [{ ...row, billsec: -1 }, 'numbers of seconds'],
  [{ ...row, uniqueid: '', calldate: '' }, 'no date'],
])('refuses an invalid row and says why (case %#)', (bad, why) => {
  expect(convertRow(bad, 'Europe/Paris')).toMatchObject({ refused: expect.stringContaining(why) })
})

test('reads a recorded Master.csv, and in another file refuses only the rows with a wrong order or a cut end', async () => {
  const sample = await all(readMasterCsv('test/recordings/cdr_Master_sample.csv'))
  expect(sample).toHaveLength(12)
  const converted = (rows: SourceRow[]) => rows.map((one) => ('row' in one ? convertRow(one.row, 'UTC') : one))
  expect(converted(sample).filter((one) => 'refused' in one)).toEqual([])
  const folder = await mkdtemp(path.join(tmpdir(), 'csv-'))
  try {
    const line =
      '"","60","61","internes","""Ren\u00e9"" <60>","PJSIP/5860-00000002","PJSIP/5861-00000003","Dial","x","2026-11-23 19:03:14",,"2026-11-23 19:03:14",0,0,"BUSY","DOCUMENTATION","pbx1-1795460594.3",""\n'
    const shuffled = line.split(',').reverse().join(',').replace('\n', '')
    const bytes = Buffer.concat([
      Buffer.from(line),
      Buffer.from(line, 'latin1'),
      Buffer.from(`${shuffled}\n`),
      Buffer.from(line),
      Buffer.from(line.slice(0, 60)),
    ])
    const file = path.join(folder, 'Master.csv')
    await writeFile(file, bytes)
    const rows = converted(await all(readMasterCsv(file)))
    expect(rows.map((one) => 'row' in one)).toEqual([true, true, false, true, false])
    expect(rows[0]).toEqual(rows[1])
  } finally {
    await rm(folder, { recursive: true })
  }
})
