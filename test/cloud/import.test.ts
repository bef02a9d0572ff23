import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readCdrTable, tableSource } from '../../cli/import/cdr-table.ts'
import { importCalls } from '../../cli/import/import-calls.ts'
import type { Cdr } from '../../contracts/cdr.ts'
import { callOf } from '../../functions/domain/calls/call.ts'
import { importCdrs } from '../../functions/http/imports/import-cdrs.ts'
import { CallLogStore } from '../../functions/stores/call-log.ts'
import { CdrStore } from '../../functions/stores/cdrs.ts'
import { DirtyHourStore } from '../../functions/stores/dirty-hours.ts'
import { makeCdr } from '../support/cdrs.ts'
import { hasMariaDb, type MariaDb, startMariaDb } from '../support/mariadb.ts'
import { startTables, type TestTables } from '../support/tables.ts'

/**
 * Goal: importing the table of a real server stores each call once, beside the live records of the same calls.
 * Method: tables of 16 to 24 columns, with rows that are stored already, repeated, doubtful or broken.
 */
let tables: TestTables
let sql: MariaDb | undefined
let folder: string
beforeAll(async () => {
  tables = await startTables()
  folder = await mkdtemp(path.join(tmpdir(), 'import-'))
  if (hasMariaDb) sql = await startMariaDb()
})
afterAll(async () => {
  await sql?.[Symbol.asyncDispose]()
  await tables[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

const numbering = { country: 'FR' } as const
const stores = () => ({
  cdrs: new CdrStore(tables.db, tables.table),
  log: new CallLogStore(tables.db, tables.table),
  hours: new DirtyHourStore(tables.db, tables.table),
  numbering,
  now: Date.UTC(2026, 10, 24),
})
const stored = async (site: string) => {
  const items = await tables.items()
  return items.filter(({ pk }) => String(pk).startsWith(`${site}#T#`)).map(({ cdr }) => cdr as Cdr)
}

const columns19 = [
  "calldate datetime NOT NULL default '0000-00-00 00:00:00'",
  ...['clid', 'src', 'dst', 'dcontext', 'channel', 'dstchannel', 'lastapp', 'lastdata'].map(
    (name) => `${name} varchar(80) NOT NULL default ''`,
  ),
  "duration int(11) NOT NULL default '0'",
  "billsec int(11) NOT NULL default '0'",
  "disposition varchar(45) NOT NULL default ''",
  "amaflags int(11) NOT NULL default '0'",
  "accountcode varchar(20) NOT NULL default ''",
  "uniqueid varchar(32) NOT NULL default ''",
  "userfield varchar(255) NOT NULL default ''",
  "peeraccount varchar(20) NOT NULL default ''",
  "linkedid varchar(32) NOT NULL default ''",
  "sequence int(11) NOT NULL default '0'",
]
const namesOf = (columns: string[]) => columns.map((column) => column.split(' ')[0] ?? '')

/** Fills a table as Asterisk's MySQL module does, with the local time of Paris. */
async function fill(db: MariaDb['db'], table: string, columns: string[], cdrs: readonly Cdr[]): Promise<void> {
  await db.query('CREATE DATABASE IF NOT EXISTS asterisk')
  await db.query('USE asterisk')
  await db.query(`CREATE OR REPLACE TABLE ${table} (${columns.join(', ')}) CHARACTER SET latin1`)
  const paris = (cdr: Cdr) => new Date(Date.parse(cdr.start) + 3_600_000).toISOString().slice(0, 19).replace('T', ' ')
  const value = (cdr: Cdr, name: string) => (name === 'calldate' ? paris(cdr) : name === 'amaflags' ? 3 : cdr[name])
  const names = namesOf(columns)
  await db.batch(
    `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
    cdrs.map((cdr) => names.map((name) => value(cdr, name))),
  )
}

/** Fills `own_cdr` with float seconds and NULL for what is empty, as the ODBC module of Asterisk does. */
async function fillOwn(db: MariaDb['db'], cdrs: readonly Cdr[]): Promise<void> {
  await db.query('CREATE DATABASE IF NOT EXISTS asterisk')
  await db.query('USE asterisk')
  await db.query(`CREATE OR REPLACE TABLE own_cdr (${columnsOwn.join(', ')})`)
  const names = columnsOwn.map((column) => (column.split(' ')[0] ?? '').replaceAll('`', ''))
  const value = (cdr: Cdr, name: string) => {
    const field = cdr[name]
    if (field === '' || field === undefined) return null
    if (['start', 'answer', 'end'].includes(name)) {
      return new Date(Date.parse(String(field)) + 3_600_000).toISOString().slice(0, 19).replace('T', ' ')
    }
    return name === 'duration' || name === 'billsec' ? Number(field) + 0.25 : field
  }
  await db.batch(
    `INSERT INTO own_cdr VALUES (${names.map(() => '?').join(', ')})`,
    cdrs.map((cdr) => names.map((name) => value(cdr, name))),
  )
}

function run(site: string, table: string, stateFile?: string, failAfter = Number.POSITIVE_INFINITY) {
  const reports: { at: number; outcome: string; reason: string }[] = []
  let batches = 0
  const url = `mysql://root@localhost/asterisk?socket=${encodeURIComponent(sql?.socketPath ?? '')}`
  const source = {
    name: table,
    zone: 'Europe/Paris',
    rows: (skip: number) => readCdrTable(tableSource(url, table), skip),
  }
  const importer = {
    send: async (rows: readonly unknown[], importId: string) => {
      batches += 1
      if (batches > failAfter) throw new Error('the line is down')
      return importCdrs(site, rows, { ...stores(), importId })
    },
    progress: () => undefined,
    report: (line: (typeof reports)[number]) => void reports.push(line),
  }
  return { reports, done: importCalls(source, { stateFile, importer }) }
}

test.runIf(hasMariaDb)(
  'imports a CDR table of 19 columns completely after an interruption, and stores no call twice',
  async () => {
    if (!sql) throw new Error('no MariaDB')
    const cdrs = Array.from({ length: 620 }, (_, n) => makeCdr(n, n % 7 === 0 ? { clid: '"Ren\u00e9" <60>' } : {}))
    for (const cdr of cdrs.slice(0, 40)) await stores().cdrs.put('nineteen', cdr, undefined, numbering)
    await fill(sql.db, 'cdr', columns19, cdrs)
    const state = path.join(folder, 'state.json')
    await expect(run('nineteen', 'cdr', state, 1).done).rejects.toThrow('line is down')
    expect(await run('nineteen', 'cdr', state).done).toMatchObject({ stored: 120, matched: 0, doubtful: 0, refused: 0 })
    expect(await run('nineteen', 'cdr').done).toMatchObject({ stored: 0, matched: 620, doubtful: 0, refused: 0 })
    const rows = await stored('nineteen')
    expect(rows).toHaveLength(620)
    const byKey = new Map(rows.map((cdr) => [cdr.uniqueid, cdr]))
    expect(cdrs.every((cdr) => byKey.get(cdr.uniqueid)?.clid === cdr.clid)).toBe(true)
    expect(cdrs.every((cdr) => Date.parse(byKey.get(cdr.uniqueid)?.start ?? '') === Date.parse(cdr.start))).toBe(true)
  },
  240_000,
)

test.runIf(hasMariaDb)(
  'reports the doubtful, repeated and invalid rows of a CDR table of 16 columns, and stores only calls that are new',
  async () => {
    if (!sql) throw new Error('no MariaDB')
    const columns16 = columns19.slice(0, 16)
    const live = [makeCdr(1), makeCdr(2), makeCdr(3, { start: '2026-11-23T21:03:00+0000' })]
    for (const cdr of live) await stores().cdrs.put('sixteen', cdr, undefined, numbering)
    await fill(sql.db, 'old_cdr', columns16, [
      makeCdr(1),
      makeCdr(2, { billsec: 6 }),
      makeCdr(3),
      makeCdr(4),
      makeCdr(4),
      makeCdr(5),
      makeCdr(6, { disposition: 'MAYBE' }),
    ])
    await sql.db.query("UPDATE old_cdr SET calldate = '0000-00-00 00:00:00' WHERE uniqueid = ?", [makeCdr(5).uniqueid])
    const { reports, done } = run('sixteen', 'old_cdr')
    expect(await done).toEqual({ read: 7, stored: 2, matched: 2, doubtful: 2, refused: 1 })
    expect(reports.map(({ outcome, reason }) => `${outcome}: ${reason}`).sort()).toEqual([
      expect.stringContaining('doubtful: the log has a call with the same uniqueid and start, but a different billsec'),
      expect.stringContaining('doubtful: the log has the same call 120 minutes later'),
      expect.stringContaining('noted: no date'),
      expect.stringContaining('refused: disposition is none of Asterisk'),
      expect.stringContaining('twice: '),
    ])
    expect(await stored('sixteen')).toHaveLength(5)
  },
  240_000,
)

/** The table of Asterisk's own migration, which has `start` and no `calldate`, as an old FreePBX would have extended it. */
const columnsOwn = [
  ...['accountcode', 'src', 'dst', 'dcontext', 'clid', 'channel', 'dstchannel', 'lastapp', 'lastdata'].map(
    (name) => `${name} varchar(80)`,
  ),
  ...['start', 'answer', 'end'].map((name) => `\`${name}\` datetime`),
  ...['duration', 'billsec'].map((name) => `${name} float`),
  ...['disposition', 'amaflags'].map((name) => `${name} varchar(45)`),
  ...['userfield', 'uniqueid', 'linkedid', 'did', 'cnum', 'recordingfile'].map((name) => `${name} varchar(150)`),
]

test.runIf(hasMariaDb)(
  'imports every leg from a table with start instead of calldate, no sequence and float columns, also if two requests share a call',
  async () => {
    if (!sql) throw new Error('no MariaDB')
    // Each call has a phone that rang, the phone that answered, and two steps of the dial plan in the same second.
    const call = (n: number) => {
      const { start, end, uniqueid } = makeCdr(n)
      const one = { start, end, uniqueid, linkedid: uniqueid, did: '0479000000', cnum: '0612345678' }
      const step = { ...one, dstchannel: '', answer: '', duration: 0, billsec: 0, disposition: 'NO ANSWER' }
      return [
        makeCdr(n, { ...one, recordingfile: `in-${n}.wav` }),
        makeCdr(n, { ...one, dstchannel: `PJSIP/5862-${n}`, answer: '', billsec: 0, disposition: 'NO ANSWER' }),
        makeCdr(n, { ...step, lastapp: 'Playback', lastdata: 'wait' }),
        makeCdr(n, { ...step, lastapp: 'Congestion', lastdata: '10' }),
      ]
    }
    const legs = Array.from({ length: 155 }, (_, n) => call(n)).flat()
    const alone = [-3, -2, -1].map((n) => makeCdr(n, { did: '', cnum: '', recordingfile: '' }))
    const rows = [...alone, ...legs]
    await fillOwn(sql.db, rows)
    const state = path.join(folder, 'own.json')
    await expect(run('own', 'own_cdr', state, 1).done).rejects.toThrow('line is down')
    const { reports, done } = run('own', 'own_cdr', state)
    expect(await done).toEqual({ read: 623, stored: 123, matched: 0, doubtful: 0, refused: 0 })
    expect(reports).toEqual([])
    const storedRows = await stored('own')
    expect(storedRows).toHaveLength(623)
    const seconds = storedRows.every(({ duration, billsec }) => Number.isInteger(duration) && Number.isInteger(billsec))
    expect(seconds).toBe(true)
    expect(storedRows.find(({ recordingfile }) => recordingfile === 'in-7.wav')).toMatchObject({
      start: makeCdr(7).start,
      duration: 9,
      billsec: 7,
      did: '0479000000',
      cnum: '0612345678',
    })
    expect(await run('own', 'own_cdr').done).toMatchObject({ stored: 0, matched: 623, doubtful: 0, refused: 0 })
  },
  240_000,
)

async function fillFromDump(db: MariaDb['db'], name: string, table: string): Promise<void> {
  await db.query('CREATE DATABASE IF NOT EXISTS asterisk')
  await db.query('USE asterisk')
  const dump = await readFile(new URL(`../cases/cdr/${name}`, import.meta.url), 'utf8')
  for (const statement of dump.split(/;\s*\n/).filter((text) => text.trim() !== ''))
    await db.query(statement.replace(/^((?:CREATE TABLE|INSERT INTO) )cdr/m, `$1${table}`))
}

test.runIf(hasMariaDb).each([
  [
    "case 12: imports the table of Asterisk's own migration, which has no calldate",
    'asterisk-own-schema.sql',
    1,
    'PJSIP/61',
  ],
  ['case 15: imports every phone of a ring group from a table of 16 columns', 'fork-16.sql', 3, 'SIP/103'],
])('%s', async (name, dump, read, endpoint) => {
  if (!sql) throw new Error('no MariaDB')
  const [site, table] = [name.slice(0, 7).replace(' ', '-'), name.slice(0, 7).replace(' ', '_')]
  await fillFromDump(sql.db, dump, table)
  expect(await run(site, table).done).toMatchObject({ read, stored: read, doubtful: 0, refused: 0 })
  expect(callOf(await stored(site), { country: 'FR' })).toMatchObject({ result: 'answered', answeredBy: { endpoint } })
})

test('MariaDB is installed in CI, so that no test of this file is skipped there', () => {
  expect(hasMariaDb || process.env['CI'] !== 'true').toBe(true)
})
