import { readFileSync } from 'node:fs'
import * as v from 'valibot'
import { beforeAll, expect, test } from 'vitest'
import { CallResult, callResults } from '../../contracts/call-result.ts'
import { Call } from '../../contracts/calls.ts'
import type { Cdr } from '../../contracts/cdr.ts'
import { Placed, type PlacedResult } from '../../contracts/placed.ts'
import { CallPage } from '../../contracts/routes/calls.ts'
import { Stats } from '../../contracts/routes/stats.ts'
import { makeCdr } from '../support/cdrs.ts'
import { type SharedDeployment, sharedDeployment, type TestSite } from '../support/deployment.ts'
import { callFact, cdrEvent, endpointFact } from '../support/facts.ts'
import { type Subscriber, subscriber } from '../support/subscriber.ts'
import { until } from '../support/until.ts'

/**
 * Goal: one call has one result, wherever it is read.
 * Method: the calls of a real small company, and every kind of call by API, each read by its id, in the list, by a search for each
 * result, in the statistics, and as pushed to a subscriber.
 */
const name = 'results-office'
let deployment: SharedDeployment
let office: TestSite
let page: Subscriber
beforeAll(async () => {
  deployment = sharedDeployment()
  office = await deployment.makeSite(name)
  page = await subscriber(deployment, office, ['calls'])
  return () => page[Symbol.asyncDispose]()
})

const get = async (path: string) => {
  const response = await deployment.call('GET', `/v1/sites/${name}/${path}`, { key: office.site.apiKey })
  expect(response.status, path).toBe(200)
  return response.json()
}
const byId = async (id: string) => v.parse(Call, await get(`calls/${id}`))
const listed = async (query = '') => v.parse(CallPage, await get(`calls?limit=200${query}`)).calls
const store = (cdrs: readonly Cdr[]) =>
  deployment.send(
    office,
    'records',
    cdrs.map((cdr) => cdrEvent(name, cdr)),
  )

const company: { calls: { happened: string; linkedid: string; rows: Cdr[]; expect: { result: CallResult } }[] } =
  JSON.parse(readFileSync(new URL('../cases/cdr/company-calls.json', import.meta.url), 'utf8'))

interface PlacedKind {
  /** What the bridge reports; undefined if it reports no end. */
  reported: PlacedResult | undefined
  /** The legs of the caller's channel, in order; none if no phone rang. */
  legs: Partial<Cdr>[]
  result: CallResult
}
const rang = { disposition: 'NO ANSWER', answer: '', billsec: 0 } as const
/** The caller's own phone was answered, and the dial plan dialled nobody. */
const alone = (lastapp: string, lastdata = '') => ({ dstchannel: '', lastapp, lastdata })
const kinds: Record<string, PlacedKind> = {
  'to an absent extension': { reported: 'unreachable', legs: [alone('Hangup', '20')], result: 'unreachable' },
  'to a number that an announcement refuses': {
    reported: 'unreachable',
    legs: [alone('Playback', 'ss-noservice')],
    result: 'unreachable',
  },
  'that is answered': { reported: 'answered', legs: [{}], result: 'answered' },
  'that the phone refuses': { reported: 'refused', legs: [{ ...rang, disposition: 'BUSY' }], result: 'refused' },
  'to a busy phone': { reported: 'busy', legs: [{ ...rang, disposition: 'BUSY' }], result: 'busy' },
  'that nobody answers': { reported: 'no-answer', legs: [{ ...rang, duration: 20 }], result: 'no-answer' },
  'that voicemail answers': {
    reported: 'no-answer',
    legs: [rang, alone('VoiceMail', '61@default,u')],
    result: 'voicemail',
  },
  'to a menu': { reported: 'unreachable', legs: [alone('Stasis', 'switchhook-menu,welcome')], result: 'answered' },
  'that its caller gives up': { reported: 'cancelled', legs: [{ ...rang, duration: 3 }], result: 'cancelled' },
  'whose own phone is not answered': {
    reported: 'no-answer',
    legs: [{ ...alone('AppDial2', '(Outgoing Line)'), ...rang, src: '', dst: 's' }],
    result: 'no-answer',
  },
  'whose trunk fails': { reported: 'failed', legs: [{ ...rang, disposition: 'FAILED' }], result: 'failed' },
  'whose end the bridge saw without its reason': {
    reported: 'unknown',
    legs: [{ ...rang, disposition: 'BUSY' }],
    result: 'busy',
  },
  'whose end nobody reported': { reported: undefined, legs: [{ ...rang, disposition: 'BUSY' }], result: 'busy' },
}
/** Ids of the calls by API, with the result that each has. */
const placed = new Map<string, CallResult>()

let seq = 0
async function place(to: string): Promise<string> {
  return until('the call to be placed', async () => {
    await deployment.send(office, 'live', [endpointFact(name, [1, ++seq], '5860', 'NOT_INUSE')])
    const response = await deployment.call('POST', `/v1/sites/${name}/calls`, {
      key: office.site.apiKey,
      body: { from: '5860', to },
      headers: { 'idempotency-key': `results-${seq}` },
    })
    return response.status === 202 && v.parse(Call, await response.json()).call
  })
}
async function end(id: string, result: PlacedResult | undefined): Promise<void> {
  if (result === undefined) {
    // The message that the queue delivers some time after the request.
    const reap = { Records: [{ body: JSON.stringify({ reap: { site: name, call: id } }) }] }
    expect((await deployment.cloud.invoke('watch', reap)).functionError).toBeUndefined()
    return
  }
  const fact = callFact(name, [1, ++seq], id, 'ended')
  await deployment.send(office, 'live', [{ ...fact, data: { ...fact.data, placed: { stage: 'ended', result } } }])
  await until('its end', async () => (await byId(id)).state === 'ended')
}
function legsOf(id: string, n: number, legs: Partial<Cdr>[]): Cdr[] {
  const second = Number(id.slice(3, 13))
  const moment = `${new Date(second * 1000).toISOString().slice(0, 19)}+0000`
  const times = { start: moment, answer: moment, end: moment, uniqueid: id, linkedid: id }
  return legs.map((leg, i) => makeCdr(n, { ...times, sequence: 100 * n + i, duration: 0, billsec: 0, ...leg }))
}
/** What a subscriber was last told of a call by API. */
const pushed = (id: string) =>
  page.frames
    .flatMap((frame) => (frame.type === 'delta' ? frame.entities : []))
    .flatMap(({ id: one, state }) => (one === id && state['placed'] ? [v.parse(Placed, state['placed']).result] : []))
    .at(-1)

test.each(Object.entries(kinds).map(([kind, how], n) => [kind, how, n] as const))(
  'a call by API %s has the same result by id, in the list and as pushed',
  async (_kind, { reported, legs, result }, n) => {
    const id = await place('61')
    const cdrs = legsOf(id, n, legs)
    // The end may be reported before the CDRs arrive or after, which are two queues.
    const isFirst = n % 2 === 0
    if (isFirst) await end(id, reported)
    await store(cdrs)
    if (!isFirst) {
      await until('its CDRs', async () =>
        (await deployment.items('RecordsTable', name)).some(({ sk }) => String(sk).includes(id)),
      )
      // A call that may still get its end is live, and not in the list of ended calls.
      expect((await listed()).map(({ call }) => call)).not.toContain(id)
      expect((await listed('&state=live')).map(({ call }) => call)).toContain(id)
      await end(id, reported)
      // The queue delivers it again until the call has ended.
      await end(id, undefined)
    }
    await until('its CDRs', async () => (await byId(id)).cdrs?.length === cdrs.length)
    await until('its result as pushed', async () => pushed(id) === result)
    const { cdrs: _cdrs, ...call } = await byId(id)
    expect(call).toMatchObject({ result, dialled: '61', dials: '61' })
    expect((await listed()).find((one) => one.call === id)).toEqual(call)
    placed.set(id, result)
  },
)

test('each call has the same result by id, in the list and in a search, and counts once under it in the statistics', async () => {
  await deployment.call('PATCH', `/v1/sites/${name}`, {
    key: office.site.apiKey,
    body: { settings: { outsidePrefix: '9', trunks: ['PJSIP/SIP-Provider'], extensions: ['1001-1005'] } },
  })
  await store(company.calls.flatMap(({ rows }) => rows))
  const due = new Map([...placed, ...company.calls.map(({ linkedid, expect }) => [linkedid, expect.result] as const)])
  const calls = await until('all calls', async () => {
    const found = await listed()
    const legs = found.reduce((sum, { legs = 0 }) => sum + legs, 0)
    const all =
      Object.values(kinds).flatMap((kind) => kind.legs).length + company.calls.flatMap((one) => one.rows).length
    return legs === all && found
  })
  expect(new Map(calls.map(({ call, result }) => [call, result]))).toEqual(due)
  for (const result of CallResult.options) {
    const found = (await listed(`&result=${result}`)).map(({ call }) => call)
    expect(new Set(found)).toEqual(new Set([...due].filter(([, one]) => one === result).map(([call]) => call)))
  }
  for (const [id, result] of due) expect((await byId(id)).result, id).toBe(result)
  const expected: Record<string, number> = {
    calls: due.size,
    answered: 0,
    abandoned: 0,
    busy: 0,
    failed: 0,
    voicemail: 0,
  }
  for (const result of due.values()) {
    const { figure } = callResults[result]
    expected[figure] = (expected[figure] ?? 0) + 1
  }
  await until('the statistics', async () => {
    await deployment.cloud.invoke('watch', { Records: [{ body: '{"part":0}' }] })
    const day = (offset: number) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10)
    const { total } = v.parse(Stats, await get(`stats?from=2026-11-29&to=${day(1)}&by=day`))
    return Object.entries(expected).every(([figure, count]) => total[figure] === count)
  })
})
