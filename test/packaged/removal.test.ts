import * as v from 'valibot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Receipt } from '../../contracts/site.ts'
import { keys } from '../../functions/stores/table-keys.ts'
import { makeCdr } from '../support/cdrs.ts'
import { type Deployment, deploy, type TestSite } from '../support/deployment.ts'
import { callFact, cdrEvent, endpointFact, erasedEvent } from '../support/facts.ts'
import { subscriber } from '../support/subscriber.ts'
import { until } from '../support/until.ts'

let deployment: Deployment
beforeAll(async () => {
  deployment = await deploy()
})
afterAll(async () => deployment[Symbol.asyncDispose]())

const anna = '0612345678'
const tables = ['RecordsTable', 'LiveTable', 'AccessTable', 'PeopleTable', 'WebhooksTable'] as const

/** Runs the removal as if this many minutes had passed; the second pass is due after 75 s. */
async function tick(minutes: number): Promise<void> {
  const time = new Date(Date.now() + minutes * 60_000).toISOString()
  const { functionError } = await deployment.cloud.invoke('removeData', { time })
  expect(functionError).toBeUndefined()
}

async function receiptOf(site: string, id: string): Promise<Receipt> {
  const response = await deployment.call('GET', `/v1/sites/${site}/receipts/${id}`, { key: deployment.cloud.adminKey })
  return v.parse(Receipt, await response.json())
}

/** Continues exports as if this many minutes had passed. */
async function write(minutes: number): Promise<void> {
  const time = new Date(Date.now() + minutes * 60_000).toISOString()
  const { functionError } = await deployment.cloud.invoke('writeExports', { time })
  expect(functionError).toBeUndefined()
}

/** Returns the rows of a site that do not change by themselves: no totals, dirty marks or rate limits. */
const rowsOf = async (name: string) => {
  const kinds = ['#T#', '#A#', '#B#', '#E', '#K'].map((kind) => name + kind)
  return (await leftOf(name)).filter(({ pk }) =>
    kinds.some((kind) => String(pk).startsWith(kind) && pk !== `${name}#KEYS`),
  )
}

/** Creates a site with three calls, one of them Anna's, phones and a live call. */
async function busySite(name: string): Promise<TestSite> {
  const site = await deployment.makeSite(name)
  const cdrs = [
    makeCdr(1, { lastdata: `PJSIP/${anna}@mytrunk,30` }),
    makeCdr(2, { src: anna, clid: `"Anna Muster" <${anna}>` }),
    makeCdr(3, { dst: anna }),
  ]
  await deployment.send(
    site,
    'records',
    cdrs.map((cdr) => cdrEvent(name, cdr)),
  )
  const facts = [
    endpointFact(name, [1, 1], '5860', 'INUSE'),
    callFact(name, [1, 2], cdrs[1]?.linkedid ?? '', 'ringing'),
  ]
  await deployment.send(site, 'live', facts)
  await until('three calls, a phone and a live call to be stored', async () => (await rowsOf(name)).length === 9 + 2)
  // A call through the API that never rang has no CDR, and a call that was forwarded to Anna has her number only in a text.
  await putPlaced(name, 'sh-1795460000.0000000001', anna)
  return site
}

async function putPlaced(name: string, call: string, to: string): Promise<void> {
  const row = { stage: 'ended', result: 'failed', endpoint: 'PJSIP/5860', to, dial: to, ringSeconds: 20, keyId: 'k' }
  await deployment.put('LiveTable', { ...keys.placedCall(name, call), ...row, issuedAt: 1, deadline: 2 })
  await deployment.put('LiveTable', { ...keys.idempotency(name, 'k', 'hash'), hash: 'h', call, at: 1 })
}

const leftOf = async (name: string) => {
  const found = await Promise.all(tables.map((table) => deployment.items(table)))
  return found.flat().filter(({ pk, sk }) => [pk, sk].some((key) => key === name || String(key).startsWith(`${name}#`)))
}

test('hides a deleted site at once, then removes all its data but the receipt, and leaves other sites unchanged', async () => {
  const [gone] = [await busySite('gone'), await busySite('gone-not')]
  const neighbour = await rowsOf('gone-not')
  await using client = await subscriber(deployment, gone, ['calls'])
  const asked = await deployment.call('DELETE', '/v1/sites/gone', { key: deployment.cloud.adminKey })
  expect(asked.status).toBe(202)
  const { id } = v.parse(Receipt, await asked.json())
  expect((await deployment.call('GET', '/v1/sites/gone', { key: deployment.cloud.adminKey })).status).toBe(404)
  await tick(0)
  await until('the socket to be closed', async () => client.socket.readyState === client.socket.CLOSED)
  // The bridge sent this before it knew of the deletion; the second pass removes it.
  await deployment.send(gone, 'records', [cdrEvent('gone', makeCdr(9))])
  expect((await receiptOf('gone', id)).state).toBe('running')
  await until('the late call', async () =>
    JSON.stringify(await deployment.items('RecordsTable')).includes(makeCdr(9).uniqueid),
  )
  // Data is removed only after the final export, which starts after the last possible write.
  await write(1)
  await tick(1)
  expect((await rowsOf('gone')).length).toBeGreaterThan(9)
  await write(2)
  for (const later of [3, 5]) await tick(later)
  const receipt = await receiptOf('gone', id)
  const exported = await fetch(receipt.finalExport?.link ?? '')
  const calls = (await exported.text()).trimEnd().split('\n')
  expect(calls.map((line) => JSON.parse(line))).toEqual(
    [1, 2, 3, 9].map((n) => expect.objectContaining({ sequence: n })),
  )
  expect(receipt.finalExport).toMatchObject({ rows: 4 })
  expect(receipt).toMatchObject({
    state: 'done',
    removed: { 'call records': expect.any(Number), endpoints: 1, bridges: 1 },
  })
  const left = await leftOf('gone')
  expect(left.map(({ pk }) => pk)).toEqual(['gone#RCPT'])
  expect(await rowsOf('gone-not')).toEqual(neighbour)
})

test('allows a new site with the id of a deleted one, without any of its data', async () => {
  const site = await deployment.makeSite('gone')
  const response = await deployment.call('GET', '/v1/sites/gone/cdrs?from=2026-11-01T00:00:00Z', {
    key: site.site.apiKey,
  })
  expect(await response.json()).toEqual({ cdrs: [] })
})

test('removes an erased number everywhere and keeps its calls without it', async () => {
  const office = await busySite('erase')
  const body = { number: '06 12 34 56 78' }
  const refused = await deployment.call('POST', '/v1/sites/erase/erasures', { key: office.site.apiKey, body })
  expect(refused.status).toBe(400)
  const asked = await deployment.call('POST', '/v1/sites/erase/erasures', {
    key: office.site.apiKey,
    body: { number: anna },
  })
  expect(asked.status).toBe(202)
  const { id } = v.parse(Receipt, await asked.json())
  for (const minutes of [0, 2]) await tick(minutes)
  expect(await receiptOf('erase', id)).toMatchObject({ state: 'waiting-for-bridge' })
  await deployment.send(office, 'records', [erasedEvent('erase', id, { 'records in quarantine': 2 })])
  await until('the confirmation', async () => (await receiptOf('erase', id)).state === 'running')
  for (const minutes of [4, 6]) await tick(minutes)
  expect(await receiptOf('erase', id)).toMatchObject({
    state: 'done',
    removed: { 'call records': 3, 'calls by API': 1, 'records in quarantine': 2 },
  })
  // A redelivery of the same CDRs brings nothing back.
  const again = [
    makeCdr(1, { lastdata: `PJSIP/${anna}@mytrunk,30` }),
    makeCdr(2, { src: anna, clid: `"Anna Muster" <${anna}>` }),
    makeCdr(3, { dst: anna }),
    makeCdr(4),
  ]
  await deployment.send(
    office,
    'records',
    again.map((cdr) => cdrEvent('erase', cdr)),
  )
  await until('the fourth call', async () =>
    JSON.stringify(await deployment.items('RecordsTable')).includes(makeCdr(4).uniqueid),
  )
  const stored = JSON.stringify(await leftOf('erase'))
  expect(stored).not.toMatch(/612345678|Anna Muster/)
  const audit = JSON.stringify(await deployment.items('AuditTable'))
  expect(audit).toContain(`erasures/${id}`)
  expect(audit).not.toContain('12345678')
  const page = await deployment.call('GET', '/v1/sites/erase/cdrs?from=2026-11-01T00:00:00Z', {
    key: office.site.apiKey,
  })
  const { cdrs } = (await page.json()) as { cdrs: { src: string; dst: string; uniqueid: string }[] }
  expect(cdrs.map(({ src, dst }) => [src, dst])).toEqual([
    ['60', '61'],
    ['60', '(erased)'],
    ['(erased)', '61'],
    ['60', '61'],
  ])
})
