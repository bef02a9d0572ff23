import * as v from 'valibot'
import { expect, test } from 'vitest'
import { ExportJobStore } from '../../functions/stores/export-jobs.ts'
import { documentClientOver, MemoryTable } from '../simulate/presence/table.ts'
import { inProcessApi } from '../support/in-process-api.ts'

test('a site has ten exports under way at most, and each that is done makes room for another one', async () => {
  const api = await inProcessApi()
  const [office, other] = [await api.makeSite('exporting'), await api.makeSite('exporting-2')]
  const ask = (site: typeof office) =>
    api.call('POST', `/v1/sites/${site.site.site}/cdrs/exports?from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z`, {
      key: site.site.apiKey,
    })
  const asked = []
  for (let n = 0; n < 10; n += 1) asked.push(await ask(office))
  expect(asked.map(({ status }) => status)).toEqual(Array(10).fill(202))
  const refused = await ask(office)
  expect([refused.status, await refused.json()]).toMatchObject([429, { errorId: 'export-limit' }])
  expect(refused.headers.get('retry-after')).toBe('60')
  expect((await ask(other)).status).toBe(202)

  const [first] = asked
  const { id } = v.parse(v.looseObject({ id: v.string() }), await first?.json())
  const jobs = new ExportJobStore(api.db, 'TABLE_RECORDS')
  const job = await jobs.get('exporting', id)
  if (!job) throw new Error('no job')
  await jobs.save(job, { state: 'done' })
  expect((await ask(office)).status).toBe(202)
  expect((await ask(office)).status).toBe(429)
})

test('counts the exports of one site alone, also where the name of another site begins alike', async () => {
  const table = new MemoryTable()
  const jobs = new ExportJobStore(
    documentClientOver(async (command) => table.carryOut(command)),
    't',
  )
  const file = {
    query: {},
    personal: false,
    file: 'f',
    state: 'running' as const,
    turn: 0,
    rows: 0,
    bytes: 0,
    parts: [],
  }
  for (const [site, id] of [
    ['office', '1'],
    ['office', '2'],
    ['office-2', '3'],
  ] as const)
    await jobs.create({ site, id, ...file, askedAt: '' })
  expect(await Promise.all(['office', 'office-2', 'off'].map((site) => jobs.countRunning(site, 10)))).toEqual([2, 1, 0])
  expect(await jobs.countRunning('office', 1)).toBe(1)
})

test('a site has a hundred erasures under way at most', async () => {
  const api = await inProcessApi()
  const [office, other] = [await api.makeSite('erasing'), await api.makeSite('erasing-2')]
  const ask = ({ site }: typeof office, n: number) =>
    api.call('POST', `/v1/sites/${site.site}/erasures`, { key: site.apiKey, body: { number: String(612_345_000 + n) } })
  for (let n = 0; n < 100; n += 1) expect((await ask(office, n)).status).toBe(202)
  const refused = await ask(office, 100)
  expect([refused.status, await refused.json()]).toMatchObject([429, { errorId: 'erasure-limit' }])
  expect((await ask(other, 0)).status).toBe(202)
})
