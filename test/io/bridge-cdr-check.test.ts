import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkCdrFile } from '../../bridge/asterisk/cdr-check.ts'
import { CdrGrowth } from '../../bridge/asterisk/cdr-growth.ts'
import { fileOrigin } from '../../bridge/asterisk/cdr-origin.ts'
import { CdrWatch } from '../../bridge/asterisk/cdr-watch.ts'
import { type CdrSettings, cdrFormat } from '../../bridge/normalise/cdr-record.ts'
import { Checks } from '../../bridge/operate/checks.ts'
import { createLog } from '../../bridge/operate/log.ts'
import { RefusedRecords } from '../../bridge/spool/refused-records.ts'
import { namesIn, recommendedMapping } from '../../contracts/cdr-row/layout.ts'
import { makeCdr } from '../support/cdrs.ts'
import { generatedLayouts, type Row } from '../support/generated-cdrs.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchhook-check-'))
  path = join(folder, 'switchhook.csv')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const check = (settings: CdrSettings = { zone: 'UTC' }) => checkCdrFile(path, cdrFormat(settings))
const records = (layout: string, rows: readonly Row[]) => {
  const write = generatedLayouts[layout]
  if (!write) throw new Error(`no layout ${layout}`)
  return rows.map((row) => `${write(row)}\n`).join('')
}
const rows = (count: number, over: Row = {}) => Array.from({ length: count }, (_, n) => ({ ...makeCdr(n), ...over }))

test.each([
  ['the recommended mapping', '25 fields, CSV, UTC'],
  ['Master.csv, 18 columns', '18 fields, CSV, UTC'],
  ['the SQL table, 19 columns', '19 fields, CSV, UTC'],
  ['JSON by Asterisk', '21 fields, JSON, times with their offset'],
  ['JSON by Asterisk with times of the clock', '21 fields, JSON, UTC'],
])('says what it understands of %s', async (layout, understood) => {
  await writeFile(path, records(layout, rows(60)))
  const [file, zone] = await check()
  expect(file).toEqual({ id: 'cdr-file', state: 'ok', reason: `${understood}; read 50 of the last 50 records` })
  if (!understood.endsWith('offset')) expect(zone).toMatchObject({ id: 'cdr-zone', state: 'ok' })
})

test('reads only the end of a long file, where records may contain line breaks', async () => {
  await writeFile(path, records('the recommended mapping', rows(2_000, { lastdata: 'a\nb "c"' })))
  const [file] = await check()
  expect(file).toMatchObject({ state: 'ok', reason: '25 fields, CSV, UTC; read 50 of the last 50 records' })
})

test('fails for a file of which it can read nothing, and shows the configuration to paste', async () => {
  const line = '"60","61","2026-11-23 19:00:00","9","7","ANSWERED","pbx1-1795460400.1"\n'
  await writeFile(path, line.repeat(3))
  const [file] = await check()
  expect(file).toMatchObject({ id: 'cdr-file', state: 'failed' })
  expect(file?.reason).toMatch(
    /none of the last 3 records of .* can be read: 7 columns in no order that Asterisk writes/,
  )
  expect(file?.repair).toContain(recommendedMapping)
  expect(file?.repair).toContain('or set cdr.layout')
  const layout = namesIn('src,dst,start,duration,billsec,disposition,uniqueid')
  expect(await check({ zone: 'UTC', layout })).toMatchObject([
    { state: 'ok', reason: expect.stringMatching(/^7 fields/) },
    {},
  ])
})

test('fails for records that fit two layouts', async () => {
  // Ids of calls by API have no shape by which uniqueid and userfield could be told apart.
  const ids = { uniqueid: 'c2c-1', linkedid: 'c2c-1', userfield: 'c2c-1', peeraccount: 'c2c-1' }
  await writeFile(path, records('Master.csv, 21 columns', rows(3, ids)))
  expect(await check()).toMatchObject([{ state: 'failed', reason: expect.stringContaining('fit two layouts') }])
})

test('warns of single records that it cannot read, and of a line that Asterisk cut', async () => {
  await writeFile(path, `${records('the recommended mapping', rows(4))}"60","61"\n`)
  expect((await check())[0]).toMatchObject({
    state: 'warning',
    reason: expect.stringContaining('read 4 of the last 5'),
  })
  await writeFile(path, records('JSON by Asterisk', [...rows(3), { ...makeCdr(4), userfield: 'x'.repeat(900) }]))
  expect((await check())[0]).toMatchObject({ state: 'warning', reason: expect.stringContaining('1 of them in part') })
})

test('warns of a file that is absent, and finds no fault in an empty one', async () => {
  expect(await check()).toMatchObject([
    { id: 'cdr-file', state: 'warning', reason: expect.stringContaining('does not exist') },
  ])
  await writeFile(path, '')
  expect(await check()).toMatchObject([{ id: 'cdr-file', state: 'ok' }])
})

test('fails if the times are in another zone than configured, and says so if that zone is UTC', async () => {
  await writeFile(path, records('the recommended mapping', rows(5)))
  const [, zone] = await check({ zone: 'Europe/Paris' })
  expect(zone).toMatchObject({ id: 'cdr-zone', state: 'failed', reason: expect.stringContaining('1 h before') })
  expect(zone?.repair).toContain('"zone": "UTC"')
})

function watched(zone: string): { checks: Checks; watch: CdrWatch; zoneState(): string | undefined } {
  const checks = new Checks(createLog({ level: 'error', write: () => undefined }))
  const format = cdrFormat({ zone })
  const refused = new RefusedRecords(folder)
  const watch = new CdrWatch({ origin: fileOrigin(path), format, checks, refused, ended: () => 0 })
  return { checks, watch, zoneState: () => checks.get('cdr-zone')?.state }
}

test.each([
  ['the recommended mapping', '+0100'],
  ['JSON by Asterisk', '+0000'],
])(
  'sends nothing after times of another zone, also of a new short file, until the times of %s are right',
  async (layout, offset) => {
    const { watch, checks, zoneState } = watched('Europe/Paris')
    await writeFile(path, records('the recommended mapping', rows(5)))
    expect([await watch.look(), zoneState()]).toEqual([false, 'failed'])
    await writeFile(path, records('the recommended mapping', rows(1)))
    expect([await watch.look(), zoneState(), checks.hasFailed]).toEqual([false, 'failed', true])
    const hour = offset === '+0100' ? 20 : 19
    const right = rows(3).map((row) => ({ ...row, start: `${row.start}`.replace('T19', `T${hour}`) }))
    await writeFile(path, records(layout, right))
    expect([await watch.look(), zoneState(), checks.hasFailed]).toEqual([true, 'ok', false])
  },
)

test('forgets that the zone is right once the file has too few records to tell', async () => {
  const { watch, zoneState } = watched('UTC')
  await writeFile(path, records('the recommended mapping', rows(5)))
  expect([await watch.look(), zoneState()]).toEqual([true, 'ok'])
  await writeFile(path, records('the recommended mapping', rows(1)))
  expect([await watch.look(), zoneState()]).toEqual([true, undefined])
})

test('warns if calls end for a minute and the file does not grow, until it grows', async () => {
  await writeFile(path, 'a\n')
  const growth = new CdrGrowth(fileOrigin(path))
  expect(await growth.check(1, 0)).toMatchObject({ state: 'ok' })
  expect(await growth.check(2, 1_000)).toMatchObject({ state: 'ok' })
  expect(await growth.check(4, 30_000)).toMatchObject({ state: 'ok' })
  const late = await growth.check(4, 70_000)
  expect(late).toMatchObject({ id: 'cdr-growth', state: 'warning', repair: expect.stringContaining('batch = no') })
  await appendFile(path, 'b\n')
  expect(await growth.check(4, 71_000)).toMatchObject({ state: 'ok' })
  // A new connection counts from 0 again.
  for (const ended of [0, 3]) expect(await growth.check(ended, 80_000)).toMatchObject({ state: 'ok' })
  expect(await growth.check(3, 150_000)).toMatchObject({ state: 'warning' })
})
