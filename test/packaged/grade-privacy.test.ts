import * as v from 'valibot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { AuditEntry } from '../../contracts/routes/audit.ts'
import { Receipt } from '../../contracts/site.ts'
import { triesMax } from '../../functions/stores/lookup-tries.ts'
import { placesOf, type Watched, watch } from '../support/canary.ts'
import { type Deployment, deploy, type TestSite } from '../support/deployment.ts'
import { callFact } from '../support/facts.ts'
import { until } from '../support/until.ts'

let deployment: Deployment
let office: TestSite
let key: string
let watched: Watched
beforeAll(async () => {
  deployment = await deploy()
  watched = watch(deployment)
  office = await deployment.makeSite('office')
  key = office.site.apiKey
})
afterAll(async () => deployment[Symbol.asyncDispose]())

async function call(method: string, path: string, body?: object) {
  const response = await deployment.call(method, `/v1/sites/office/${path}`, { key, body })
  const text = await response.text()
  return { status: response.status, text, json: text === '' ? undefined : JSON.parse(text) }
}
const lookUp = (matricule: string, caller: string) => call('POST', 'grade-lookups', { matricule, caller })

test('answers a lookup with 503 and no mark if its audit entry cannot be written', async () => {
  await call('PUT', 'grades/700', { note: 13.25 })
  // The audit entry is written by PutItem, the count of tries by UpdateItem.
  const mend = deployment.cloud.faults.add({ service: 'dynamodb', action: 'PutItem', kind: 'access-denied' })
  const refused = await lookUp('700', '1')
  mend()
  expect(refused).toMatchObject({ status: 503, json: { errorId: 'audit-unavailable' } })
  expect(refused.text).not.toContain('13')
  expect(await lookUp('700', '1')).toMatchObject({ status: 200, json: { note: 13.25 } })
})

/** Returns the audit entries of each request, by request id, in the order of writing. */
async function auditedOutcomes(requestIds: readonly string[]): Promise<string[][]> {
  const rows = (await deployment.items('AuditTable')).map((item) => v.parse(AuditRow, item))
  rows.sort((a, b) => (a.sk < b.sk ? -1 : 1))
  const of = (id: string) => rows.filter(({ entry }) => entry.requestId === id)
  expect(requestIds.flatMap(of).every(({ entry }) => /^grades\/[\w-]{20,}$/.test(entry.on))).toBe(true)
  return requestIds.map((id) => of(id).map(({ entry }) => entry.outcome))
}
const AuditRow = v.object({ sk: v.string(), entry: AuditEntry })

/** Returns the request id of a lookup and its result: `done` or an errorId. */
async function lookUpAudited(matricule: string, caller: string) {
  const response = await deployment.call('POST', '/v1/sites/office/grade-lookups', { key, body: { matricule, caller } })
  const { errorId = 'done' } = v.parse(v.looseObject({ errorId: v.optional(v.string()) }), await response.json())
  return { id: response.headers.get('apigw-requestid') ?? '', told: errorId }
}

test('writes one audit entry for each lookup, refused or not, with its result and a fingerprint of the number', async () => {
  await call('PUT', 'grades/710', { note: 13 })
  const found = await lookUpAudited('710', 'audited')
  const refused = []
  for (let n = 0; n <= triesMax; n++) refused.push(await lookUpAudited('711', 'audited'))
  const lookups = [found, ...refused]
  expect(lookups.map(({ told }) => told)).toEqual([
    'done',
    ...Array<string>(triesMax).fill('grade-unknown'),
    'lookup-locked',
  ])
  expect(await auditedOutcomes(lookups.map(({ id }) => id))).toEqual(lookups.map(({ told }) => [told]))
})

test('writes a second audit entry if a lookup is locked while it is being answered', async () => {
  const mend = deployment.cloud.faults.add({ service: 'dynamodb', action: 'UpdateItem', kind: 'delay', delayMs: 1500 })
  const lookups = await Promise.all(Array.from({ length: 8 }, (_, n) => lookUpAudited(`72${n}`, 'hasty')))
  mend()
  const told = lookups.map((lookup) => lookup.told)
  expect(told.toSorted()).toEqual([
    ...Array<string>(triesMax).fill('grade-unknown'),
    ...Array<string>(8 - triesMax).fill('lookup-locked'),
  ])
  const outcomes = await auditedOutcomes(lookups.map(({ id }) => id))
  expect(outcomes.map((entries) => entries.at(-1))).toEqual(told)
  expect(outcomes).toContainEqual(['grade-unknown', 'lookup-locked'])
})

test('answers 500 if the try of a lookup cannot be counted, and writes that to the audit', async () => {
  await call('PUT', 'grades/712', { note: 13.75 })
  // The first UpdateItem counts the request, the second one the try.
  const fault = { service: 'dynamodb', action: 'UpdateItem', kind: 'access-denied', every: 2 } as const
  const mend = deployment.cloud.faults.add(fault)
  const lookup = await lookUpAudited('712', 'uncounted')
  mend()
  expect(lookup.told).toBe('internal')
  expect(await auditedOutcomes([lookup.id])).toEqual([['done', 'internal']])
})

test('answers lookups of all student numbers with the same 403 outside the opening hours of a site', async () => {
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

test('erases a student but not students whose numbers have the same prefix', async () => {
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

const canary = { matricule: '638527419', note: 13.37, pin: '90210' }

test('no request leaves a mark, student number or PIN in logs, queues, the audit or tables that are not for them', async () => {
  const { matricule, note, pin } = canary
  const asked = (caller: string, given?: string) =>
    call('POST', 'grade-lookups', { matricule, caller, ...(given !== undefined && { pin: given }) })
  const lines = watched.lines.length
  expect((await call('PUT', `grades/${matricule}`, { note, pin })).status).toBe(200)
  expect((await asked('4', pin)).json).toMatchObject({ note })
  expect((await asked('5')).status).toBe(404)
  for (let n = 0; n < 6; n++) await asked('6', '00000')
  expect((await asked('7', pin)).json).toMatchObject({ errorId: 'lookup-locked' })
  expect((await call('PUT', `grades/${matricule}`, { note: note + 10, pin })).status).toBe(400)
  await call('GET', `grades/${matricule}`)
  await call('POST', 'grades', { rows: [canary] })
  await call('GET', 'grades')
  expect((await call('DELETE', `grades/${matricule}`)).status).toBe(204)
  // A call sends events through the queues, so that there are bodies to search.
  const sent = watched.bodies.length
  await deployment.send(office, 'live', [callFact('office', [1, 1], 'canary', 'ringing')])
  await until('a body', async () => watched.bodies.length > sent)
  await until('a line of each request', async () => watched.lines.length >= lines + 15)
  expect(placesOf(canary, await watched.texts(key))).toEqual([])
})

test.each([
  ['a mark', `"note":${canary.note}`],
  ['a mark with a comma', '13,37 sur 20'],
  ['a student number', `"matricule":"${canary.matricule}"`],
  ['a student number in a path', `GET /grades/${canary.matricule}?x`],
  ['a PIN', `"pin":"${canary.pin}"`],
])('the search for leaked data finds %s in a packed body, a log line and the audit', async (_, planted) => {
  const sent = watched.bodies.length
  await deployment.send(office, 'records', [`{"planted":${JSON.stringify(planted)}}`])
  await until('the body', async () => watched.bodies.length > sent)
  const texts = new Map([
    ['queues', watched.bodies.splice(sent).join('\n')],
    ['function logs', JSON.stringify({ event: 'http', planted })],
    ['audit', JSON.stringify({ entries: [{ on: planted }] })],
    ['clean', JSON.stringify({ at: 1_790_210_638, ms: 113.375, id: '6385274190' })],
  ])
  expect(placesOf(canary, texts)).toEqual(['queues', 'function logs', 'audit'])
})
