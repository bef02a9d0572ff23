import { generateKeyPairSync } from 'node:crypto'
import { PutCommand } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fieldText } from '../../contracts/field.ts'
import { ExportJobQuery } from '../../contracts/routes/exports.ts'
import { SiteSettings } from '../../contracts/site.ts'
import { requestExport } from '../../functions/http/exports/request-export.ts'
import { type VerifyDaysDependencies, verifyDays } from '../../functions/queues/verify-days/verify-days.ts'
import { BridgeStore } from '../../functions/stores/bridges.ts'
import { ConnectionStore } from '../../functions/stores/connections.ts'
import { DirtyHourStore } from '../../functions/stores/dirty-hours.ts'
import { ExportJobStore, type StoredExportJob } from '../../functions/stores/export-jobs.ts'
import { KeyStore } from '../../functions/stores/keys.ts'
import { RemovalStore } from '../../functions/stores/removals.ts'
import { SiteDirectory } from '../../functions/stores/site-directory.ts'
import { SiteStore } from '../../functions/stores/sites.ts'
import { keys } from '../../functions/stores/table-keys.ts'
import { startTables, type TestTables } from '../support/tables.ts'

/**
 * Goal: a row that cannot be read stops no work on other rows, and a site with many rows hides no other site.
 * Method: each list gets a row that its schema refuses between rows of other sites, or more rows of one site than a run handles.
 */
let tables: TestTables
beforeAll(async () => {
  tables = await startTables()
})
afterAll(async () => tables[Symbol.asyncDispose]())

const plant = (item: Record<string, unknown>) => tables.db.send(new PutCommand({ TableName: tables.table, Item: item }))
const now = Date.UTC(2026, 10, 30, 12)
const store = <S>(Kind: new (db: TestTables['db'], table: string) => S) => new Kind(tables.db, tables.table)
const jobs = () => new ExportJobStore(tables.db, tables.table, () => now)
const job = (site: string, id: string): StoredExportJob => ({
  site,
  id,
  query: {},
  personal: false,
  file: `sites/${site}/${id}`,
  state: 'running',
  turn: 0,
  rows: 0,
  bytes: 0,
  parts: [],
  askedAt: new Date(now).toISOString(),
})

test('reads a job with each parameter of a search again, as the function that writes the file does', async () => {
  const caller = { scopes: new Set<never>() }
  const [stores, numbering] = [jobs(), { country: 'FR' }]
  for (const [name, schema] of Object.entries(ExportJobQuery.entries)) {
    const example = fieldText('wrapped' in schema ? schema.wrapped : schema)?.example
    const query = v.parse(ExportJobQuery, { [name]: example })
    const asked = { caller, now, jobs: stores, numbering }
    const { id } = await requestExport('query', query, asked as Parameters<typeof requestExport>[2])
    const found = await stores.get('query', id)
    expect(found?.query, name).toMatchObject(query)
    await stores.remove(job('query', id))
  }
})

test('continues the exports of the other sites if one job or its entry cannot be read', async () => {
  await jobs().create(job('exports-a', '1'))
  await plant({ ...keys.exportRunning('exports-b', '2'), site: 'exports-b' })
  await plant({ ...keys.exportRunning('exports-c', '3'), site: 'exports-c', id: '3' })
  await plant({ ...keys.exportJob('exports-c', '3'), ...job('exports-c', '3'), query: { minDuration: '10' } })
  await jobs().create(job('exports-d', '4'))
  expect((await jobs().running()).map(({ site }) => site).sort()).toEqual(['exports-a', 'exports-d'])
  // A removal still finds the job and its file.
  expect(await jobs().ofSite('exports-c')).toMatchObject([{ id: '3', file: 'sites/exports-c/3' }])
})

test('continues an export of another site although one site has more jobs than a run handles', async () => {
  const many = Array.from({ length: 104 }, (_, n) => String(n).padStart(3, '0'))
  await Promise.all(many.map((id) => jobs().create(job('flood', id))))
  await jobs().create(job('patient', '1'))
  const running = await jobs().running()
  expect(running.length).toBeLessThanOrEqual(100)
  expect(running.map(({ site }) => site)).toContain('patient')
})

test('returns the marks of the other sites if one cannot be read, and of each site although one has thousands', async () => {
  const hours = store(DirtyHourStore)
  const ofShard = (shard: number, count: number) =>
    Array.from({ length: 500 }, (_, n) => `marks-${n}`)
      .filter((site) => keys.dirtyHour(site, '').pk === keys.dirtyShard(shard))
      .slice(0, count)
  const [busy = '', broken = '', ...others] = ofShard(3, 6)
  const many = Array.from({ length: 140 }, (_, n) => new Date(now + n * 3_600_000).toISOString().slice(0, 13))
  await Promise.all(many.map((hour) => hours.mark(busy, hour)))
  await plant({ ...keys.dirtyHour(broken, '2026-11-23T19'), site: broken, hour: '2026-11-23T19' })
  for (const site of others) await hours.mark(site, '2026-11-23T19')
  const marks = await hours.marks(120)
  expect(marks).toHaveLength(120)
  expect(others.filter((site) => !marks.some((mark) => mark.site === site))).toEqual([])
  // While there is room, the busy site gets it.
  expect(marks.filter(({ site }) => site === busy)).toHaveLength(120 - others.length)
  const first = await Promise.all([0, 1, 2, 3, 4].map(async (turn) => (await hours.marks(1, turn))[0]?.site ?? ''))
  expect(first.sort()).toEqual([busy, ...others].sort())
})

test('carries out the removals of the other sites if one cannot be read', async () => {
  const removals = store(RemovalStore)
  const asked = { what: 'number' as const, number: '60', askedAt: new Date(now).toISOString(), removed: {}, months: [] }
  for (const site of ['removal-a', 'removal-c']) await removals.create({ ...asked, site, id: '1' })
  await plant({ pk: keys.removals, sk: 'removal-b#1', site: 'removal-b', id: '1', what: 'something' })
  expect((await removals.all()).map(({ site }) => site)).toEqual(['removal-a', 'removal-c'])
})

test('finds the silent bridges of the other sites if one heartbeat cannot be read', async () => {
  const sites = store(SiteStore)
  const lastHeard = new Date(now - 60_000).toISOString()
  for (const site of ['silent-a', 'silent-c']) await sites.recordSighting(site, { lastHeard }, now - 60_000)
  await plant({ ...keys.heartbeat('silent-b'), lastHeard: 5 })
  const silent = (await sites.newlySilent(now)).map(({ site }) => site)
  expect(silent.sort()).toEqual(['silent-a', 'silent-c'])
})

const siteRow = (name: string) => ({
  name,
  country: 'FR',
  zone: 'Europe/Paris',
  language: 'fr',
  retentionDays: 365,
  settings: v.parse(SiteSettings, {}),
  state: 'live',
  claim: 'x',
  claimedAt: now,
  commandQueue: { number: 1, url: 'https://queue' },
})

test('lists and verifies every other site, page by page, if some sites cannot be read or name an unknown zone', async () => {
  const names = Array.from({ length: 106 }, (_, n) => `site-${String(n).padStart(3, '0')}`)
  const bad = new Set(['site-000', 'site-050', 'site-099', 'site-105'])
  for (const name of names)
    await plant({ ...keys.siteList(name), ...siteRow(name), ...(bad.has(name) && { claimedAt: 'x' }) })
  await plant({ ...keys.siteList('site-010'), ...siteRow('site-010'), zone: 'Mars/Olympus' })
  const directory = store(SiteDirectory)
  const verified: string[] = []
  await verifyDays({
    directory,
    days: { start: async (site: string) => void verified.push(site) },
    commands: { send: async () => undefined },
    signingKey: generateKeyPairSync('ed25519').privateKey,
    now: Date.parse('2026-11-30T03:20:00Z'),
  } as unknown as VerifyDaysDependencies)
  expect(verified).toEqual(names.filter((name) => !bad.has(name) && name !== 'site-010'))
})

test('pushes to the other subscribers, and closes every connection of a revoked key, if one row cannot be read', async () => {
  const connections = store(ConnectionStore)
  const row = { site: 'sockets', keyId: 'key-1', scopes: ['presence:read'] }
  for (const id of ['c1', 'c3']) {
    await connections.open(id, row, now)
    await connections.subscribe(id, row, 'calls', now)
  }
  await plant({ pk: keys.subscriptions('sockets', 'calls'), sk: 'c2', personal: 'yes' })
  await plant({ pk: keys.siteConnections('sockets'), sk: 'c2' })
  expect((await connections.subscribers('sockets', 'calls')).map(({ id }) => id)).toEqual(['c1', 'c3'])
  expect(await connections.ofKey('sockets', 'key-1')).toEqual(['c1', 'c2', 'c3'])
  expect(await connections.ofKey('sockets', 'key-2')).toEqual(['c2'])
})

test('lists the other keys and bridges if one cannot be read, and removes that one too', async () => {
  const [access, bridges] = [store(KeyStore), store(BridgeStore)]
  const key = { site: 'locks', kind: 'key' as const, name: 'k', hash: 'h', older: [], scopes: [], createdBy: 'admin' }
  for (const prefix of ['p1', 'p3']) await access.put(prefix, { ...key, createdAt: now })
  await plant(keys.keyList('locks', 'p2'))
  await plant({ ...keys.key('p2'), ...key, createdAt: 'yesterday' })
  expect((await access.list('locks')).map(({ prefix }) => prefix).sort()).toEqual(['p1', 'p3'])
  expect(await access.removeAll('locks')).toBe(3)
  const code = { codeHash: 'h', createdAt: now, createdBy: 'admin', codeExpiresAt: now }
  for (const id of ['b1', 'b3']) await bridges.putCode('locks', id, code)
  await plant({ ...keys.bridge('locks', 'b2'), codeHash: 7 })
  expect((await bridges.list('locks')).map(({ sk }) => sk)).toEqual(['b1', 'b3'])
  expect(await bridges.removeAll('locks')).toBe(3)
})
