import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { definitionOf, routeNames } from '../../contracts/routes.ts'
import { makeCdr } from '../support/cdrs.ts'
import type { TestSite } from '../support/deployment.ts'
import { callFact, cdrEvent, endpointFact, queueFact } from '../support/facts.ts'
import { callStates, endpointStates, queueParts, secrets } from '../support/hidden-worlds.ts'
import { type InProcessApi, inProcessApi } from '../support/in-process-api.ts'

/*
 * Goal: what a person may know reaches no log line, no message and no table where it may not be. Method: canaries stand for a number, a
 * name, a mark, a student and every secret; they go through facts, records, bodies, and each parameter of every route of the registry, with a
 * key that may do everything and one that may do nothing. Then all that the functions wrote is searched.
 */
const [{ number, name }] = secrets
const student = { matricule: '907315', note: 13.57, pin: '739182' }
const site = 'canary-office'
const lines: string[] = []
let api: InProcessApi
let office: TestSite
/** Texts that open something: the keys, codes and tickets that answers have shown. */
const opening = new Set<string>()

beforeAll(async () => {
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    lines.push(String(text))
    return true
  })
  api = await inProcessApi()
  office = await api.makeSite(site)
  opening.add(office.site.apiKey).add(office.site.enrolment.code)
  await fill()
  await walk()
  write.mockRestore()
})
afterAll(() => vi.restoreAllMocks())

async function ask(method: string, path: string, body?: unknown, key = office.site.apiKey): Promise<Response> {
  api.forgetRates()
  const headers = { 'idempotency-key': 'canary' }
  const answer = await api.call(method, path, { key, headers, ...(body !== undefined && { body }) })
  for (const [, secret = ''] of (await answer.clone().text()).matchAll(
    /"(?:secret|token|ticket|code|apiKey)":"([^"]+)"/g,
  ))
    if (secret.length >= 12) opening.add(secret)
  return answer
}

async function fill(): Promise<void> {
  const [secret] = secrets
  const endpoints = endpointStates(secret).map((data, n) => ({
    ...endpointFact(site, [1, n + 1], data.resource, 'INUSE'),
    data,
  }))
  const calls = callStates(secret).map((data, n) => ({ ...callFact(site, [1, 50 + n], data.call, data.state), data }))
  const queue = queueParts(secret).map(([id, part], n) => queueFact(site, [1, 80 + n], id, part))
  await api.send(office, 'live', [...endpoints, ...calls, ...queue])
  const cdr = makeCdr(1, { src: number, clid: `"${name}" <${number}>`, userfield: name, cnam: name })
  await api.send(office, 'records', [cdrEvent(site, cdr), { ...cdrEvent(site, cdr), data: { cdr: number } } as never])
  const at = `/v1/sites/${site}`
  expect((await ask('POST', `${at}/grades`, { rows: [student] })).status).toBe(200)
  expect((await ask('PUT', `${at}/grades/${student.matricule}`, { note: student.note, pin: student.pin })).status).toBe(
    200,
  )
  await ask('POST', `${at}/grade-lookups`, { matricule: student.matricule, pin: student.pin, caller: number })
  await ask('POST', `${at}/grade-lookups`, { matricule: student.matricule, pin: '0000', caller: number })
  const hook = {
    url: 'https://hooks.example.com/x',
    types: ['*'],
    headers: { authorization: 'Bearer canary-header-secret' },
  }
  expect((await ask('POST', `${at}/webhooks`, hook)).status).toBe(201)
  opening.add('canary-header-secret')
  await ask('POST', `${at}/keys`, { name: 'second', role: 'viewer' })
  await ask('POST', `${at}/boards`, { name: 'wall' })
  await ask('POST', `${at}/tickets`)
  await ask('POST', `${at}/calls`, { from: 'PJSIP/5860', to: number, metadata: { name } })
  await ask('POST', `${at}/calls`, { from: 'PJSIP/5860', to: `${number}x`, callerId: number })
  await ask('PUT', `${at}/extensions/60/forward`, { target: '112' })
  await ask('POST', `${at}/erasures`, { number })
}

/** Sends a canary in each parameter of each route, and no body: what is refused is logged too. */
async function walk(): Promise<void> {
  // What is deleted could not be found afterwards.
  for (const route of routeNames.filter((one) => !one.startsWith('DELETE '))) {
    const [method = '', template = ''] = route.split(' ')
    const { query } = definitionOf(route)
    const names =
      query && 'entries' in query ? Object.keys(query.entries as object).filter((one) => one !== 'wait') : []
    for (const canary of [number, name, student.matricule]) {
      const path = template.replace('{site}', site).replace(/\{\w+\}/g, encodeURIComponent(canary))
      await ask(method, `${path}?${names.map((one) => `${one}=${encodeURIComponent(canary)}`).join('&')}`)
      await ask(method, path, undefined, `${office.site.apiKey}x`)
    }
  }
}

const holds = (text: string, canaries: Iterable<string>) =>
  [...canaries].filter((canary) => patternOf(canary).test(text))

const patterns = new Map<string, RegExp>()

/** Digits alone count as a whole only: a longer number or an id may have the same ones. */
function patternOf(canary: string): RegExp {
  const known = patterns.get(canary)
  if (known) return known
  const text = canary.replace(/[.+*?^$()[\]{}|\\/]/g, '\\$&')
  const edge = canary.length < 9 ? '[\\w-]' : '\\d'
  const pattern = /^[\d.,]+$/.test(canary) ? new RegExp(`(?<!${edge})${text}(?!${edge})`) : new RegExp(text)
  patterns.set(canary, pattern)
  return pattern
}

const persons = [number, number.slice(1), `+33${number.slice(1)}`, name]
const marks = [String(student.note), '13,57', student.pin]

test('the canaries went in, and an owner sees them', async () => {
  const read = async (path: string) => (await ask('GET', `/v1/sites/${site}/${path}`)).text()
  expect(await read('endpoints')).toContain(name)
  expect(await read(`grades/${student.matricule}`)).toContain(String(student.note))
  expect(lines.length).toBeGreaterThan(300)
  expect(opening.size).toBeGreaterThan(6)
})

test('no log line and no metric has a number, a name, a mark, a student or a secret', () => {
  const wrong = lines.filter((line) => holds(line, [...persons, ...marks, student.matricule, ...opening]).length > 0)
  expect(wrong).toEqual([])
})

test('no table has a secret that opens something, but webhooks theirs, with which they sign', () => {
  for (const table of ['RecordsTable', 'LiveTable', 'AccessTable', 'AuditTable', 'PeopleTable'] as const)
    expect([table, holds(JSON.stringify(items(table)), opening)]).toEqual([table, []])
})

test('marks and PINs are in no other table than theirs, and a PIN nowhere', () => {
  for (const table of ['RecordsTable', 'LiveTable', 'AccessTable', 'AuditTable', 'WebhooksTable'] as const)
    expect([table, holds(JSON.stringify(items(table)), [...marks, `"${student.matricule}"`])]).toEqual([table, []])
  expect(JSON.stringify(items('PeopleTable'))).not.toContain(student.pin)
})

test('no message of a queue has a mark, a PIN or a secret', () => {
  expect(api.sent.filter(({ body }) => holds(body, [...marks, ...opening]).length > 0)).toEqual([])
})

function items(table: string): Record<string, unknown>[] {
  return api.itemsOf(table)
}
