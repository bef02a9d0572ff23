import * as v from 'valibot'
import { beforeAll, expect, test } from 'vitest'
import { Call } from '../../contracts/calls.ts'
import { CallPage } from '../../contracts/routes/calls.ts'
import { Stats } from '../../contracts/routes/stats.ts'
import { TimeLine } from '../../contracts/time-line.ts'
import { makeCdr } from '../support/cdrs.ts'
import { type SharedDeployment, sharedDeployment, type TestSite } from '../support/deployment.ts'
import { callFact, cdrEvent } from '../support/facts.ts'
import { until } from '../support/until.ts'

let deployment: SharedDeployment
let office: TestSite
beforeAll(async () => {
  deployment = sharedDeployment()
  office = await deployment.makeSite('calls-office')
})

const get = (path: string, headers: Record<string, string> = {}) =>
  deployment.call('GET', `/v1/sites/calls-office/${path}`, { key: office.site.apiKey, headers })

test('returns a call with the same id and schema while it is live and later from the call log, then with its story', async () => {
  const cdr = makeCdr(1)
  const id = cdr.linkedid
  await deployment.send(office, 'live', [callFact('calls-office', [1, 1], id, 'ringing')])
  const live = await until('the live call', async () => {
    const page = v.parse(CallPage, await (await get('calls?state=live')).json())
    return page.calls[0]
  })
  expect(live).toMatchObject({ call: id, state: 'ringing', dialled: '61' })
  expect(v.parse(Call, await (await get(`calls/${id}`)).json())).toEqual(live)
  await deployment.send(office, 'live', [callFact('calls-office', [1, 3], id, 'ended')])
  await deployment.send(office, 'records', [
    callFact('calls-office', [1, 2], id, 'answered'),
    cdrEvent('calls-office', cdr),
  ])
  const call = await until('the call in the archive', async () => {
    const response = await get(`calls/${id}`)
    const found = response.status === 200 ? v.parse(Call, await response.json()) : undefined
    return found?.state === 'ended' && found
  })
  expect(call).toMatchObject({ call: id, result: 'answered', talkSeconds: 7, direction: 'internal', cdrs: [cdr] })
  expect(call.summary).toBe('60 called 61, was answered after 2 s and talked for 7 s.')
  const events = await until('three states', async () => {
    const { events } = v.parse(TimeLine, await (await get(`calls/${id}/events`)).json())
    return events.length === 3 && events
  })
  expect(events.map(({ state, hops }) => [state, hops.lane])).toEqual([
    ['ringing', 'live'],
    ['answered', 'records'],
    ['ended', 'live'],
  ])
})

test('answers 304 to If-None-Match if the answer has not changed', async () => {
  const first = await get('cdrs?from=2026-11-01T00:00:00Z')
  const etag = first.headers.get('etag') ?? ''
  const second = await get('cdrs?from=2026-11-01T00:00:00Z', { 'if-none-match': etag })
  expect([first.status, second.status, await second.text()]).toEqual([200, 304, ''])
})

test('returns only the fields that the query asks for', async () => {
  const page = await (await get('calls?from=2026-11-01T00:00:00Z&fields=call,summary')).json()
  expect(page).toEqual({ calls: [{ call: makeCdr(1).linkedid, summary: expect.any(String) }] })
})

test('exports a search as CSV in consecutive parts, in which no cell is a spreadsheet formula', async () => {
  const site = await deployment.makeSite('calls-export')
  const sent = Array.from({ length: 30 }, (_, n) => makeCdr(n, { userfield: `${'=+-@\t'[n % 5]}SUM(A1:A9),"x"` }))
  await deployment.send(
    site,
    'records',
    sent.map((cdr) => cdrEvent('calls-export', cdr)),
  )
  const read = (query: string) =>
    deployment.call('GET', `/v1/sites/calls-export/cdrs/${query}`, { key: site.site.apiKey })
  await until(
    '30 CDRs',
    async () => (await (await read('export?format=jsonl&from=2026-11-01T00:00:00Z')).text()).split('\n').length === 31,
  )
  const parts: string[] = []
  let cursor: string | null = null
  do {
    const next: string = cursor === null ? 'from=2026-11-01T00:00:00Z' : `cursor=${encodeURIComponent(cursor)}`
    const response = await read(`export?bom=yes&order=oldest&limit=12&${next}`)
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8')
    parts.push(await response.text())
    cursor = response.headers.get('switchhook-cursor')
  } while (cursor !== null && parts.length < 5)
  expect(parts).toHaveLength(3)
  const [head, ...rows] = parts.join('').trimEnd().split('\r\n')
  expect(head).toContain('accountcode,src,dst')
  expect(rows).toHaveLength(30)
  expect(rows.every((row) => row.includes(`"'`) && !/(^|,)"?[=+@-]/.test(row))).toBe(true)
  const report = await (await read('export?preset=report&order=oldest&limit=1&from=2026-11-01T00:00:00Z')).text()
  // `text()` drops the byte order mark.
  expect(report).toBe('date;appelant;appelé;durée\r\n2026-11-23 20:00:00;60;61;9\r\n')
})

test('the watch function totals stored calls, and the statistics show the totals', async () => {
  await deployment.cloud.invoke('watch', { Records: [{ body: '{"part":0}' }] })
  const response = await get('stats?from=2026-11-23&to=2026-11-23&by=hour')
  const { rows, total } = v.parse(Stats, await response.json())
  expect([response.status, rows.length, total.calls, total.answered]).toEqual([200, 24, 1, 1])
})

test.each([
  ['calls/no-such-call', 404, 'call-unknown'],
  ['calls?caller=6*', 400, 'input-invalid'],
  ['cdrs?from=2026-02-30T00:00:00Z', 400, 'input-invalid'],
  [`cdrs?caller=${'6'.repeat(2_000)}`, 400, 'input-invalid'],
  ['stats?from=2026-11-23&to=2026-11-01&by=hour', 400, 'input-invalid'],
  ['stats?from=2026-11-23&to=2026-11-24&by=minute', 400, 'input-invalid'],
  ['stats?from=2020-01-01&to=2026-11-24&by=hour', 400, 'input-invalid'],
])('refuses the invalid request GET %s with the right status and errorId', async (path, status, errorId) => {
  const response = await get(path)
  expect([response.status, ((await response.json()) as { errorId: string }).errorId]).toEqual([status, errorId])
})
