import { beforeAll, expect, test } from 'vitest'
import { type SharedDeployment, sharedDeployment, type TestSite } from '../support/deployment.ts'

let deployment: SharedDeployment
let office: TestSite
let lookupKey: string
let otherKey: string
beforeAll(async () => {
  deployment = sharedDeployment()
  office = await deployment.makeSite('grades-office')
  otherKey = (await deployment.makeSite('grades-other')).site.apiKey
  const made = await call('POST', 'keys', { body: { name: 'menu', scopes: ['grades:lookup'] } })
  lookupKey = String(made.body['secret'])
})

interface Options {
  key?: string
  body?: unknown
  headers?: Record<string, string>
}
async function call(method: string, path: string, { key = office.site.apiKey, body, headers = {} }: Options = {}) {
  const response = await deployment.call(method, `/v1/sites/grades-office/${path}`, { key, body, headers })
  const text = await response.text()
  const json: Record<string, unknown> = text === '' ? {} : JSON.parse(text)
  return { status: response.status, etag: response.headers.get('etag') ?? '', body: json, text }
}
const lookUp = (matricule: string, caller: string, pin?: string) =>
  call('POST', 'grade-lookups', { key: lookupKey, body: { matricule, caller, ...(pin !== undefined && { pin }) } })

test('writes, reads, lists, changes (with the ETag) and deletes a mark', async () => {
  const made = await call('PUT', 'grades/1370', { body: { note: 15.25 }, headers: { 'if-none-match': '*' } })
  expect(made).toMatchObject({ status: 200, body: { matricule: '1370', note: 15.25, mention: 'bien' } })
  const read = await call('GET', 'grades/1370')
  expect([read.status, read.etag]).toEqual([200, made.etag])
  expect((await call('PUT', 'grades/1370', { body: { note: 1 }, headers: { 'if-none-match': '*' } })).status).toBe(412)
  const changed = await call('PUT', 'grades/1370', { body: { note: 9 }, headers: { 'if-match': made.etag } })
  expect(changed).toMatchObject({ status: 200, body: { mention: 'échec' } })
  const late = await call('PUT', 'grades/1370', { body: { note: 20 }, headers: { 'if-match': made.etag } })
  expect(late).toMatchObject({ status: 412, body: { errorId: 'grade-changed' } })
  expect((await call('DELETE', 'grades/1370', { headers: { 'if-match': made.etag } })).status).toBe(412)
  expect((await call('GET', 'grades/1370')).body['note']).toBe(9)
  expect((await call('DELETE', 'grades/1370', { headers: { 'if-match': changed.etag } })).status).toBe(204)
  expect((await call('GET', 'grades/1370')).status).toBe(404)
  expect((await call('DELETE', 'grades/1370')).status).toBe(404)
})

test('evaluates If-Match and If-None-Match of a mark as RFC 9110 says: lists, weak tags and *', async () => {
  const put = (note: number, headers: Record<string, string>) => call('PUT', 'grades/1375', { body: { note }, headers })
  expect((await put(1, { 'if-match': '*' })).status).toBe(412)
  expect((await put(1, { 'if-match': '"none"' })).status).toBe(412)
  const first = await put(1, { 'if-none-match': '"none", W/"other"' })
  expect(first.status).toBe(200)
  const { etag } = first
  for (const [headers, status] of [
    [{ 'if-none-match': etag }, 412],
    [{ 'if-none-match': `"a", W/${etag}` }, 412],
    [{ 'if-match': `W/${etag}` }, 412],
    [{ 'if-match': '"a"', 'if-none-match': '"b"' }, 412],
    [{ 'if-match': etag, 'if-none-match': '*' }, 412],
    [{ 'if-match': 'unquoted' }, 400],
  ] as const)
    expect((await put(2, headers)).status, JSON.stringify(headers)).toBe(status)
  const read = (headers: Record<string, string>) => call('GET', 'grades/1375', { headers })
  expect(await read({ 'if-none-match': `"a", ${etag}` })).toMatchObject({ status: 304, etag, text: '' })
  expect((await read({ 'if-none-match': '"a"' })).status).toBe(200)
  expect(await read({ 'if-match': '"a"' })).toMatchObject({ status: 412, body: { errorId: 'precondition-failed' } })
  const many = Array.from({ length: 240 }, (_, n) => `"${n}"`).join(',')
  expect((await put(3, { 'if-match': `${many}, ${etag}` })).status).toBe(200)
  expect((await call('DELETE', 'grades/1375', { headers: { 'if-none-match': '*' } })).status).toBe(412)
  expect((await call('DELETE', 'grades/1375', { headers: { 'if-match': '*' } })).status).toBe(204)
  expect((await call('DELETE', 'grades/1375', { headers: { 'if-match': '*' } })).status).toBe(412)
  expect((await call('DELETE', 'grades/1375', { headers: { 'if-none-match': '*' } })).status).toBe(404)
})

test('accepts only one of ten concurrent changes with the same ETag', async () => {
  const { etag } = await call('PUT', 'grades/1371', { body: { note: 10 } })
  const writes = Array.from({ length: 10 }, (_, note) =>
    call('PUT', 'grades/1371', { body: { note }, headers: { 'if-match': etag } }),
  )
  const statuses = (await Promise.all(writes)).map(({ status }) => status).sort()
  expect(statuses).toEqual([200, ...Array<number>(9).fill(412)])
})

test('derives the honours of a mark from the scale, unless they were stored with the mark', async () => {
  await call('PUT', 'grades/1372', { body: { note: 12 } })
  await call('PUT', 'grades/1373', { body: { note: 12, mention: 'très bien' } })
  const scale = {
    max: 20,
    thresholds: [
      { from: 0, mention: 'échec' },
      { from: 11.5, mention: 'bien' },
    ],
  }
  expect((await call('PUT', 'grade-scale', { body: scale })).status).toBe(200)
  expect((await call('GET', 'grade-scale')).body).toEqual(scale)
  expect((await call('GET', 'grades/1372')).body['mention']).toBe('bien')
  expect((await call('GET', 'grades/1373')).body['mention']).toBe('très bien')
  const wrong = await call('PUT', 'grade-scale', { body: { max: 20, thresholds: [{ from: 10, mention: 'bien' }] } })
  expect(wrong.status).toBe(400)
})

test('checks a CSV in a dry run, refuses it as a whole if one row is invalid, and else writes all its rows', async () => {
  const headers = { 'content-type': 'text/csv; charset=utf-8' }
  const bad = 'matricule,note\n2001,12\n2002,"15,5"\n'
  const dry = await call('POST', 'grades?dryRun=true', { body: bad, headers })
  expect(dry).toMatchObject({
    status: 200,
    body: { rows: 2, written: 0, dryRun: true, faults: [{ row: 2, field: 'note' }] },
  })
  const refused = await call('POST', 'grades', { body: bad, headers })
  expect(refused).toMatchObject({ status: 422, body: { errorId: 'rows-invalid', errors: [{ field: 'rows.2.note' }] } })
  expect((await call('GET', 'grades/2001')).status).toBe(404)
  const rows = Array.from({ length: 130 }, (_, n) => `${3000 + n},${n % 20}.5`)
  const done = await call('POST', 'grades', { body: `matricule,note\n${rows.join('\n')}`, headers })
  expect(done).toMatchObject({ status: 200, body: { rows: 130, written: 130 } })
  expect((await call('GET', 'grades/3129')).body['note']).toBe(9.5)
})

test('reports each of ten thousand faulty rows, and writes nothing if one of ten thousand is faulty', async () => {
  const headers = { 'content-type': 'text/csv' }
  const before = (await deployment.items('PeopleTable', 'grades-office')).length
  const upload = (rows: string[]) => call('POST', 'grades', { body: `matricule,note\n${rows.join('\n')}`, headers })
  const bad = ['"15,5"', '-1', '21/20', 'NaN', '=1+1']
  const faulty = await upload(Array.from({ length: 10_000 }, (_, n) => `${600_000 + n},${bad[n % bad.length]}`))
  expect(faulty).toMatchObject({ status: 422, body: { detail: '10000 faults: see `errors`. Nothing was written.' } })
  const fields = (faulty.body['errors'] as { field: string }[]).map(({ field }) => field)
  expect(fields).toEqual(Array.from({ length: 10_000 }, (_, n) => `rows.${n + 1}.note`))
  const twice = Array.from({ length: 9_999 }, (_, n) => `${600_000 + n},12`)
  const one = await upload([...twice, '600000,13'])
  const errors = [{ field: 'rows.10000.matricule', message: 'Duplicate of row 1.' }]
  expect(one).toMatchObject({ status: 422, body: { errors } })
  expect((await deployment.items('PeopleTable', 'grades-office')).length).toBe(before)
})

test('lists every mark once, in order, over pages', async () => {
  await call('POST', 'grades', {
    body: { rows: Array.from({ length: 30 }, (_, n) => ({ matricule: `${4000 + n}`, note: 1 })) },
  })
  const seen: string[] = []
  let cursor = ''
  do {
    const page = (await call('GET', `grades?limit=7${cursor && `&cursor=${encodeURIComponent(cursor)}`}`)).body
    const grades = page['grades'] as { matricule: string }[]
    seen.push(...grades.map(({ matricule }) => matricule))
    cursor = String(page['cursor'] ?? '')
  } while (cursor)
  expect(seen).toEqual([...seen].sort())
  expect(new Set(seen).size).toBe(seen.length)
  expect(seen.filter((matricule) => matricule.startsWith('40'))).toHaveLength(30)
})

test('refuses the key of another site, and allows the key of the voice menu lookups only', async () => {
  await call('PUT', 'grades/5000', { body: { note: 13 } })
  expect((await call('GET', 'grades/5000', { key: otherKey })).status).toBe(404)
  for (const [method, path, body] of [
    ['GET', 'grades', undefined],
    ['GET', 'grades/5000', undefined],
    ['PUT', 'grades/5000', { note: 20 }],
    ['DELETE', 'grades/5000', undefined],
    ['PUT', 'grade-scale', { max: 20, thresholds: [{ from: 0, mention: 'bien' }] }],
  ] as const)
    expect((await call(method, path, { key: lookupKey, body })).status, `${method} ${path}`).toBe(403)
  const found = await lookUp('5000', '60')
  expect([found.status, found.body['matricule'], found.body['note']]).toEqual([200, '5000', 13])
})

test('gives the same answer for an unknown number, a wrong PIN and a missing PIN', async () => {
  await call('PUT', 'grades/6000', { body: { note: 17, pin: '4711' } })
  const answers = [await lookUp('6999', '611'), await lookUp('6000', '612', '0000'), await lookUp('6000', '613')]
  expect(answers.map(({ status }) => status)).toEqual([404, 404, 404])
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
  expect(await lookUp('6000', '614', '4711')).toMatchObject({ status: 200, body: { note: 17 } })
  expect((await call('GET', 'grades/6000')).text).not.toMatch(/pin/i)
})

test('allows a caller five failed lookups, over all concurrent calls together, and does not count right ones', async () => {
  await call('PUT', 'grades/7000', { body: { note: 11 } })
  for (let n = 0; n < 8; n++) expect((await lookUp('7000', '70')).status).toBe(200)
  const guesses = await Promise.all(Array.from({ length: 12 }, (_, n) => lookUp(`${7100 + n}`, '70')))
  const statuses = guesses.map(({ status }) => status)
  expect(statuses.filter((status) => status === 404)).toHaveLength(5)
  expect(statuses.filter((status) => status === 403)).toHaveLength(7)
  expect((await lookUp('7000', '70')).body['errorId']).toBe('lookup-locked')
  expect((await lookUp('7000', '71')).status).toBe(200)
})

test('allows five failed lookups of a student number by all callers together', async () => {
  await call('PUT', 'grades/8000', { body: { note: 11, pin: '1234' } })
  const guesses = await Promise.all(Array.from({ length: 10 }, (_, n) => lookUp('8000', `caller-${n}`, '9999')))
  expect(guesses.filter(({ status }) => status === 404)).toHaveLength(5)
  expect((await lookUp('8000', 'another', '1234')).status).toBe(403)
})

test('audits lookups, and stores no student number, caller or PIN in audit and lock-out rows', async () => {
  await call('PUT', 'grades/987654321012', { body: { note: 3.75, pin: '86420' } })
  await lookUp('987654321012', '0479000123', '86420')
  await call('GET', 'grades/987654321012')
  await call('DELETE', 'grades/987654321012', { headers: { 'if-match': '"none"' } })
  await call('PUT', 'grades/987654321012', { key: lookupKey, body: { note: 1 } })
  const audit = await deployment.items('AuditTable', 'grades-office')
  const what = audit.map((item) => JSON.stringify(item))
  expect(what.filter((entry) => entry.includes('POST /v1/sites/{site}/grade-lookups')).length).toBeGreaterThan(5)
  expect(what.join('\n')).not.toMatch(/987654321012|0479000123|86420/)
  const people = (await deployment.items('PeopleTable', 'grades-office')).map((item) => JSON.stringify(item))
  expect(people.filter((item) => item.includes('#LK#')).join('\n')).not.toMatch(/987654321012|0479000123/)
  expect(people.join('\n')).not.toMatch(/86420/)
})

test.each([
  ['grades/12', { note: 12 }],
  ['grades/12345678901234', { note: 12 }],
  ['grades/9000', { note: 20.25 }],
  ['grades/9000', { note: -1 }],
  ['grades/9000', { note: '15' }],
  ['grades/9000', { note: 12, mention: 'super' }],
  ['grades/9000', { note: 12, pin: '1' }],
  ['grades/9000', { note: 12, matricule: '9001' }],
])('answers 400 to the invalid request PUT %s with the body %j', async (path, body) => {
  expect(await call('PUT', path, { body })).toMatchObject({ status: 400, body: { errorId: 'input-invalid' } })
})
