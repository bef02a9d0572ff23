import * as v from 'valibot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Receipt } from '../../contracts/site.ts'
import { type Deployment, deploy } from '../support/deployment.ts'

let deployment: Deployment
let key: string
beforeAll(async () => {
  deployment = await deploy()
  key = (await deployment.makeSite('office')).site.apiKey
})
afterAll(async () => deployment[Symbol.asyncDispose]())

async function call(method: string, path: string, body?: object) {
  const response = await deployment.call(method, `/v1/sites/office/${path}`, { key, body })
  const text = await response.text()
  return { status: response.status, text, json: text === '' ? undefined : JSON.parse(text) }
}
const lookUp = (matricule: string, caller: string) => call('POST', 'grade-lookups', { matricule, caller })

test('a lookup whose audit entry cannot be written tells nothing', async () => {
  await call('PUT', 'grades/700', { note: 13.25 })
  // The audit is written by a PutItem, the guard against guessing by UpdateItem.
  const mend = deployment.cloud.faults.add({ service: 'dynamodb', action: 'PutItem', kind: 'access-denied' })
  const refused = await lookUp('700', '1')
  mend()
  expect(refused).toMatchObject({ status: 503, json: { errorId: 'audit-unavailable' } })
  expect(refused.text).not.toContain('13')
  expect(await lookUp('700', '1')).toMatchObject({ status: 200, json: { note: 13.25 } })
})

test('outside the hours of a site every number is answered alike', async () => {
  await call('PUT', 'grades/701', { note: 9 })
  const scale = { max: 20, thresholds: [{ from: 0, mention: 'bien' }] }
  const never = { zone: 'Europe/Paris', open: [] }
  expect((await call('PUT', 'grade-scale', { ...scale, hours: never })).status).toBe(200)
  const [known, unknown] = [await lookUp('701', '2'), await lookUp('799', '2')]
  expect(known).toMatchObject({ status: 403, json: { errorId: 'lookup-closed' } })
  expect(unknown).toEqual(known)
  const strange = { ...never, zone: 'Europe/Nowhere' }
  expect((await call('PUT', 'grade-scale', { ...scale, hours: strange })).status).toBe(400)
  expect((await call('PUT', 'grade-scale', scale)).status).toBe(200)
  expect((await lookUp('701', '3')).status).toBe(200)
})

test('a student is erased, and those whose numbers begin alike are not', async () => {
  for (const matricule of ['702', '7020']) await call('PUT', `grades/${matricule}`, { note: 11, pin: '4711' })
  const { id } = v.parse(Receipt, (await call('POST', 'erasures', { matricule: '702' })).json)
  for (const minutes of [0, 2]) {
    const time = new Date(Date.now() + minutes * 60_000).toISOString()
    expect((await deployment.cloud.invoke('removeData', { time })).functionError).toBeUndefined()
  }
  expect((await call('GET', `receipts/${id}`)).json).toMatchObject({
    state: 'done',
    what: 'student',
    removed: { grades: 1 },
  })
  expect((await call('GET', 'grades/702')).status).toBe(404)
  expect((await call('GET', 'grades/7020')).status).toBe(200)
  expect((await call('POST', 'erasures', { matricule: '702', number: '60' })).status).toBe(400)
})
