import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { runCommandLine } from '../../cli/main.ts'
import { makeCdr } from '../support/cdrs.ts'
import { type Deployment, deploy, type TestSite } from '../support/deployment.ts'
import { cdrEvent } from '../support/facts.ts'
import { until } from '../support/until.ts'
import { readWorkbook } from '../support/workbook.ts'

let deployment: Deployment
let office: TestSite
let lab: TestSite
const numbers = ['0612345678', '+33612345678', '60']
beforeAll(async () => {
  deployment = await deploy()
  office = await deployment.makeSite('office')
  lab = await deployment.makeSite('lab')
  const change = { language: 'en', zone: 'America/New_York' }
  expect(
    (await deployment.call('PATCH', '/v1/sites/lab', { key: deployment.cloud.adminKey, body: change })).status,
  ).toBe(200)
  for (const site of [office, lab]) {
    const name = site.site.site
    const cdrs = numbers.map((src, n) => makeCdr(n, { src }))
    await deployment.send(
      site,
      'records',
      cdrs.map((cdr) => cdrEvent(name, cdr)),
    )
    await until(
      `the rows of ${name}`,
      async () => (await (await read(site, 'format=jsonl')).text()).trim().split('\n').length === numbers.length,
    )
  }
})
afterAll(async () => deployment[Symbol.asyncDispose]())

const read = (site: TestSite, query: string) =>
  deployment.call('GET', `/v1/sites/${site.site.site}/cdrs/export?from=2026-11-01T00:00:00Z&order=oldest&${query}`, {
    key: site.site.apiKey,
  })
const textOf = async (response: Response) => Buffer.from(await response.arrayBuffer()).toString()

test('the report of a French site has semicolons, a byte order mark, its zone and numbers that stay text', async () => {
  const rows = ['06 12 34 56 78', '06 12 34 56 78', '60'].map((src, n) => `2026-11-23 20:0${n}:00;${src};61;9\r\n`)
  expect(await textOf(await read(office, 'preset=report'))).toBe(`\ufeffdate;appelant;appelé;durée\r\n${rows.join('')}`)
})

test('the report of an English site has commas and its own zone, and options replace both defaults', async () => {
  const rows = ['06 12 34 56 78', '06 12 34 56 78', '60'].map((src, n) => [`2026-11-23 14:0${n}:00`, src, '61', '9'])
  const table = (between: string) =>
    [['date', 'caller', 'called', 'duration'], ...rows].map((cells) => `${cells.join(between)}\r\n`).join('')
  expect(await textOf(await read(lab, 'preset=report'))).toBe(`\ufeff${table(',')}`)
  expect(await textOf(await read(lab, 'preset=report&separator=tab&bom=no'))).toBe(table('\t'))
})

test('a CSV file without a preset is for programs: every field as it is stored, commas, no byte order mark', async () => {
  const [head, first, second] = (await textOf(await read(office, 'format=csv'))).split('\r\n')
  expect(head).toMatch(/^accountcode,src,dst,.*,start,/)
  expect(first).toContain(',0612345678,61,')
  expect(second).toContain(',+33612345678,61,')
  expect(first).toContain(',2026-11-23T19:00:00+0000,')
})

test('XLSX keeps every number as text and every time as a date in the site’s zone', async () => {
  const response = await read(office, 'format=xlsx&preset=report')
  expect(response.headers.get('content-type')).toBe('application/vnd.openxmlformats-officedocument.spreadsheetml.sheet')
  expect(response.headers.get('content-disposition')).toBe('attachment; filename="office-cdrs.xlsx"')
  expect(response.headers.get('switchhook-rows')).toBe('3')
  const cells = await readWorkbook(new Uint8Array(await response.arrayBuffer()))
  expect(['A1', 'B1', 'C1', 'D1'].map((at) => cells[at]?.value)).toEqual(['date', 'appelant', 'appelé', 'durée'])
  expect(['B2', 'B3', 'B4'].map((at) => cells[at])).toEqual(numbers.map((value) => ({ type: 's', value, format: '@' })))
  expect(cells['D2']).toEqual({ type: 'n', value: '9', format: 'General' })
  const { type, value, format } = cells['A2'] ?? {}
  // 20:00 of the day 46,349 (2026-11-23) since 1899-12-30.
  expect([type, Number(value).toFixed(5), format]).toEqual(['n', '46349.83333', 'yyyy-mm-dd hh:mm:ss'])
})

test('an XLSX export with a limit returns a part and the cursor of the next part', async () => {
  const first = await read(office, 'format=xlsx&limit=2')
  const cursor = first.headers.get('switchhook-cursor') ?? ''
  expect(first.headers.get('switchhook-rows')).toBe('2')
  const path = `/v1/sites/office/cdrs/export?format=xlsx&cursor=${encodeURIComponent(cursor)}`
  const rest = await deployment.call('GET', path, { key: office.site.apiKey })
  const cells = await readWorkbook(new Uint8Array(await rest.arrayBuffer()))
  expect([cells['B2']?.value, cells['B3']]).toEqual(['60', undefined])
})

test('a job refuses XLSX and says which route writes it', async () => {
  const path = '/v1/sites/office/cdrs/exports?format=xlsx'
  const response = await deployment.call('POST', path, { key: office.site.apiKey })
  const problem = await response.json()
  expect([response.status, problem]).toMatchObject([
    400,
    {
      errorId: 'input-invalid',
      errors: [{ field: 'format', message: expect.stringContaining('/cdrs/export writes') }],
    },
  ])
})

test('the command line writes the same files and leaves no part of one behind', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'cdr-export-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const { site, apiKey } = office.site
  const run = (file: string, ...args: string[]) => {
    const access = ['--api', deployment.cloud.httpUrl, '--site', site, '--key', apiKey, '--json']
    const period = ['--from', '2026-11-01T00:00:00Z', '--preset', 'report']
    return runCommandLine(['cdrs', 'export', '--file', path.join(folder, file), ...period, ...access, ...args])
  }
  expect([await run('calls.csv'), await run('calls.xlsx', '--format', 'xlsx')]).toEqual([0, 0])
  expect(await readFile(path.join(folder, 'calls.csv'), 'utf8')).toBe(await textOf(await read(office, 'preset=report')))
  expect((await readWorkbook(await readFile(path.join(folder, 'calls.xlsx'))))['B3']?.value).toBe('+33612345678')
  expect(await run('empty.jsonl', '--format', 'jsonl', '--party', '99')).toBe(0)
  expect(await readFile(path.join(folder, 'empty.jsonl'), 'utf8')).toBe('')
  expect(await run('bad.csv', '--party', '1*')).toBe(65)
  expect((await readdir(folder)).sort()).toEqual(['calls.csv', 'calls.xlsx', 'empty.jsonl'])
})
