import * as v from 'valibot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { KeyMade } from '../../contracts/key.ts'
import { ExportJob } from '../../contracts/routes/exports.ts'
import { makeCdr } from '../support/cdrs.ts'
import { type Deployment, deploy, type TestSite } from '../support/deployment.ts'
import { callFact, cdrEvent } from '../support/facts.ts'
import { until } from '../support/until.ts'

let deployment: Deployment
let office: TestSite
const anna = '0612345678'
const calls = 8
beforeAll(async () => {
  deployment = await deploy()
  office = await deployment.makeSite('office')
  const cdrs = Array.from({ length: calls }, (_, n) => makeCdr(n, n === 3 ? { src: anna, clid: `<${anna}>` } : {}))
  await deployment.send(
    office,
    'records',
    cdrs.map((cdr) => cdrEvent('office', cdr)),
  )
  const caller = { number: anna, name: 'Anna Muster' }
  const facts = (['ringing', 'ended'] as const).map((state, n) =>
    callFact('office', [1, n + 1], makeCdr(3).linkedid, state),
  )
  const told = facts.map((fact) => ({ ...fact, data: { ...fact.data, caller } }))
  await deployment.send(office, 'live', told)
  await until('all rows', async () => (await stored()).filter(({ pk }) => String(pk).includes('#T#')).length === calls)
  await until('the time line', async () => JSON.stringify(await stored()).includes('#CE#'))
})
afterAll(async () => deployment[Symbol.asyncDispose]())

const period = 'from=2026-11-01T00:00:00Z&order=oldest'
const stored = async () => [...(await deployment.items('RecordsTable')), ...(await deployment.items('LiveTable'))]
const holdsAnna = async () => /612345678|Anna Muster/.test(JSON.stringify(await stored()))
const ask = async (query: string, key = office.site.apiKey) => {
  const response = await deployment.call('POST', `/v1/sites/office/cdrs/exports?${query}`, { key })
  return { status: response.status, body: await response.json() }
}
const find = async (id: string, key = office.site.apiKey) =>
  deployment.call('GET', `/v1/sites/office/cdrs/exports/${id}`, { key })
const run = async (name: string, minutes = 0) => {
  const time = new Date(Date.now() + minutes * 60_000).toISOString()
  expect((await deployment.cloud.invoke(name, { time })).functionError).toBeUndefined()
}
const viewer = async () => {
  const body = { name: 'viewer', role: 'viewer' }
  const made = await deployment.call('POST', '/v1/sites/office/keys', { key: office.site.apiKey, body })
  return v.parse(KeyMade, await made.json()).secret
}

test('writes an export to a file and returns a link, which is refused if its date, credentials or path are altered', async () => {
  const { status, body } = await ask(`${period}&format=csv&preset=report`)
  expect(status).toBe(202)
  const { id } = v.parse(ExportJob, body)
  expect(await (await find(id)).json()).toMatchObject({ state: 'running', rows: 0 })
  await run('writeExports')
  const { link = '', ...done } = v.parse(ExportJob, await (await find(id)).json())
  expect(done).toMatchObject({ state: 'done', rows: calls })
  const file = await fetch(link)
  expect(file.headers.get('content-disposition')).toBe('attachment; filename="office-cdrs.csv"')
  const text = await file.text()
  const inOne = await deployment.call('GET', `/v1/sites/office/cdrs/export?${period}&format=csv&preset=report`, {
    key: office.site.apiKey,
  })
  expect(text).toBe(await inOne.text())
  expect(text.trimEnd().split('\r\n')).toHaveLength(calls + 1)
  const other = (change: (url: URL) => void) => {
    const url = new URL(link)
    change(url)
    return fetch(url)
  }
  expect((await other((url) => url.searchParams.set('X-Amz-Date', '20200101T000000Z'))).status).toBe(403)
  expect(
    (await other((url) => url.searchParams.set('X-Amz-Credential', 'x/20261124/eu-west-3/s3/aws4_request'))).status,
  ).toBe(403)
  const elsewhere = await other((url) => {
    url.pathname = url.pathname.replace('/sites/', '/final-exports/')
  })
  expect(elsewhere.status).toBe(403)
})

test('a key without the scope cdrs:personal gets exports without numbers, and no access to exports with numbers', async () => {
  const secret = await viewer()
  const { body } = await ask(`${period}&format=jsonl`, secret)
  await run('writeExports')
  const own = v.parse(ExportJob, await (await find(v.parse(ExportJob, body).id, secret)).json())
  const text = await (await fetch(own.link ?? '')).text()
  expect(text.trimEnd().split('\n')).toHaveLength(calls)
  expect(text).not.toContain('12345678')
  const full = v.parse(ExportJob, (await ask(`${period}&format=jsonl`)).body)
  expect((await find(full.id, secret)).status).toBe(404)
  expect((await ask(`${period}&caller=${anna}`, secret)).status).toBe(403)
})

test('refuses an export of an invalid search and names the field, and answers 404 for an unknown export', async () => {
  const { status, body } = await ask('from=2026-02-30T00:00:00Z')
  expect([status, body]).toMatchObject([400, { errorId: 'input-invalid', errors: [{ field: 'from' }] }])
  expect((await ask('party=6*')).status).toBe(400)
  expect((await find('made-up')).status).toBe(404)
})

test('removes an erased number from rows, time lines and exports, also unfinished ones', async () => {
  const written = v.parse(ExportJob, (await ask(`${period}&format=jsonl`)).body)
  await run('writeExports')
  const { link = '' } = v.parse(ExportJob, await (await find(written.id)).json())
  expect(await (await fetch(link)).text()).toContain(anna)
  const begun = v.parse(ExportJob, (await ask(`${period}&format=csv`)).body)
  expect(await holdsAnna()).toBe(true)
  const body = { number: anna }
  expect((await deployment.call('POST', '/v1/sites/office/erasures', { key: office.site.apiKey, body })).status).toBe(
    202,
  )
  for (const minutes of [0, 2, 4]) await run('removeData', minutes)
  expect(await holdsAnna()).toBe(false)
  expect((await fetch(link)).status).toBe(404)
  expect([(await find(written.id)).status, (await find(begun.id)).status]).toEqual([404, 404])
  await run('writeExports')
  const again = v.parse(ExportJob, (await ask(`${period}&format=jsonl`)).body)
  await run('writeExports')
  const after = v.parse(ExportJob, await (await find(again.id)).json())
  expect(await (await fetch(after.link ?? '')).text()).not.toContain('12345678')
  expect(after.rows).toBe(calls)
})
