import * as v from 'valibot'
import { beforeAll, expect, test } from 'vitest'
import { AuditPage } from '../../contracts/routes/audit.ts'
import { makeCdr } from '../support/cdrs.ts'
import { type SharedDeployment, sharedDeployment, type TestSite } from '../support/deployment.ts'
import { cdrEvent, endpointFact } from '../support/facts.ts'
import { makeSiteKey } from '../support/site-keys.ts'
import { until } from '../support/until.ts'

let deployment: SharedDeployment
let office: TestSite
let other: TestSite
beforeAll(async () => {
  deployment = sharedDeployment()
  office = await deployment.makeSite('personal-office')
  other = await deployment.makeSite('personal-other')
})

const admin = () => deployment.cloud.adminKey
const ask = (method: string, path: string, key?: string, body?: unknown) =>
  deployment.call(method, path, { ...(key && { key }), ...(body !== undefined && { body }) })

const makeKey = (body: Record<string, unknown>, site = office) => makeSiteKey(deployment, site, body)
test('hides names and numbers in the call log from a key without the scope cdrs:personal', async () => {
  const cdr = makeCdr(1, { src: '0612345678', clid: '"Anna Muster" <0612345678>' })
  await deployment.send(office, 'records', [cdrEvent('personal-office', cdr)])
  const viewer = await makeKey({ role: 'viewer' })
  const path = '/v1/sites/personal-office/cdrs?from=2026-11-01T00:00:00Z'
  const seen = async (key: string) => (await ask('GET', path, key)).text()
  await until('the call', async () => (await seen(office.site.apiKey)).includes('Anna'))
  expect(await seen(viewer.secret)).toContain('"src":"…78"')
  expect(await seen(viewer.secret)).not.toMatch(/Anna|0612/)
  const exported = (key: string) => ask('GET', path.replace('cdrs', 'cdrs/export'), key)
  expect(await (await exported(office.site.apiKey)).text()).toContain('Anna')
  expect(await (await exported(viewer.secret)).text()).not.toMatch(/Anna|0612/)
})

test('hides names and forwards of phones from a key without the scope presence:personal, and audits reads with it', async () => {
  const fact = endpointFact('personal-other', [1, 1], '5860', 'INUSE')
  const forward = { target: '0612345678', since: fact.data.since }
  await deployment.send(other, 'live', [{ ...fact, data: { ...fact.data, name: 'Anna Muster', forward } }])
  const viewer = await makeKey({ role: 'viewer' }, other)
  const since = new Date().toISOString()
  const seen = async (key: string) => (await ask('GET', '/v1/sites/personal-other/endpoints', key)).text()
  await until('the phone', async () => (await seen(viewer.secret)).includes('5860'))
  expect(await seen(viewer.secret)).not.toMatch(/Anna|0612/)
  expect(await seen(other.site.apiKey)).toMatch(/Anna.*0612345678/)
  const audit = await ask('GET', `/v1/sites/personal-other/audit?from=${since}`, other.site.apiKey)
  const { entries } = v.parse(AuditPage, await audit.json())
  expect(entries.map(({ who, what }) => [who, what])).toEqual([
    [`key:${other.site.apiKey.split('_')[1]}`, 'GET /v1/sites/{site}/endpoints'],
  ])
})

test('audits each change and each read of personal data, refused or not, and no other read', async () => {
  const since = new Date().toISOString()
  const viewer = await makeKey({ role: 'viewer' }, other)
  await ask('GET', '/v1/sites/personal-other/cdrs', other.site.apiKey)
  await ask('GET', '/v1/sites/personal-other/cdrs', viewer.secret)
  await ask('POST', '/v1/sites/personal-other/keys', viewer.secret, { name: 'no', role: 'viewer' })
  await ask('DELETE', `/v1/sites/personal-other/keys/${viewer.key}`, admin())
  const response = await ask('GET', `/v1/sites/personal-other/audit?from=${since}`, other.site.apiKey)
  const { entries } = v.parse(AuditPage, await response.json())
  const first = `key:${other.site.apiKey.split('_')[1]}`
  expect(entries.map(({ who, what, outcome }) => [who, what, outcome]).reverse()).toEqual([
    [first, 'POST /v1/sites/{site}/keys', 'done'],
    [first, 'GET /v1/sites/{site}/cdrs', 'done'],
    [`key:${viewer.key}`, 'POST /v1/sites/{site}/keys', 'scope-missing'],
    ['admin', 'DELETE /v1/sites/{site}/keys/{key}', 'done'],
  ])
  expect(entries.every(({ from, at, on }) => from === '127.0.0.1' && at >= since && on !== '')).toBe(true)
  const page = await ask('GET', `/v1/sites/personal-other/audit?from=${since}&limit=3`, other.site.apiKey)
  const short = v.parse(AuditPage, await page.json())
  const rest = await ask(
    'GET',
    `/v1/sites/personal-other/audit?cursor=${encodeURIComponent(short.cursor ?? '')}`,
    other.site.apiKey,
  )
  expect([...short.entries, ...v.parse(AuditPage, await rest.json()).entries]).toEqual(entries)
})
