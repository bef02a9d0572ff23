import * as v from 'valibot'
import { beforeAll, expect, test } from 'vitest'
import { Call } from '../../contracts/calls.ts'
import type { KeyCallRules } from '../../contracts/key.ts'
import { type SharedDeployment, sharedDeployment, type TestSite } from '../support/deployment.ts'
import { callFact, endpointFact } from '../support/facts.ts'
import {
  forbiddenTexts,
  legitimateTexts,
  neighbourOf,
  outsidePrefixes,
  planCountries,
} from '../support/numbering-plans.ts'
import { until } from '../support/until.ts'

/**
 * Goal: rules and caps of site and key apply, also to concurrent requests, and each denial is audited.
 * Method: requests over HTTP to the packaged functions; the test plays the bridge and sends facts only where a test says so.
 */
let deployment: SharedDeployment
let office: TestSite
beforeAll(async () => {
  deployment = sharedDeployment()
  office = await deployment.makeSite('guards-office')
  await heard('up')
  await until('the phone to be known', async () => (await post({ from: '5860', to: '15' })).status === 403)
})

const site = '/v1/sites/guards-office'
let seq = 0
let asked = 0
const admin = () => office.site.apiKey

const ring = { from: '5860', to: '61' }
async function heard(pbx: 'up' | 'down', reachability: 'online' | 'offline' = 'online'): Promise<void> {
  const fact = endpointFact('guards-office', [1, ++seq], '5860', 'NOT_INUSE')
  const { k: _, ...envelope } = fact
  const data = { run: 'test', pbx, counters: {} }
  const heartbeat = { ...envelope, id: `guards-office/beat/${seq}`, type: 'switchhook.heartbeat.v1', data }
  await deployment.send(office, 'live', [{ ...fact, data: { ...fact.data, reachability, number: '60' } }, heartbeat])
}

async function post(body: object | string, key = admin()): Promise<Response> {
  const headers = { 'idempotency-key': `guard-${++asked}` }
  const response = await deployment.call('POST', `${site}/calls`, { key, body, headers })
  const { errorId } = (await response.clone().json()) as { errorId?: string }
  if (errorId !== 'bridge-offline') return response
  // On a slow machine the bridge becomes silent between two tests, so it sends a heartbeat again.
  await heard('up')
  return post(body, key)
}
const settings = (change: object) => deployment.call('PATCH', site, { key: admin(), body: { settings: change } })
async function errorOf(response: Promise<Response>) {
  const answered = await response
  const { errorId, errors } = (await answered.json()) as { errorId?: string; errors?: { field: string }[] }
  return { status: answered.status, errorId, fields: errors?.map(({ field }) => field) }
}
async function makeKey(name: string, calls: KeyCallRules): Promise<{ key: string; secret: string }> {
  const body = { name, scopes: ['calls:read', 'calls:write'], calls }
  const response = await deployment.call('POST', `${site}/keys`, { key: admin(), body })
  return (await response.json()) as { key: string; secret: string }
}
async function placed(key: string): Promise<string> {
  const response = await post({ from: '5860', to: '61' }, key)
  const text = await response.text()
  expect(response.status, text).toBe(202)
  return v.parse(Call, JSON.parse(text)).call
}
async function end(call: string): Promise<void> {
  const fact = callFact('guards-office', [1, ++seq], call, 'ended')
  const told = { ...fact.data, placed: { stage: 'ended', result: 'busy' } }
  await deployment.send(office, 'live', [{ ...fact, data: told }])
  await until(`${call} to end`, async () => {
    const response = await deployment.call('GET', `${site}/calls/${call}`, { key: admin() })
    return v.parse(Call, await response.json()).state === 'ended'
  })
  // The function that stores the end frees the place of the call after it.
  await until(`the place of ${call} to be free`, async () => {
    const items = await deployment.items('LiveTable', 'guards-office')
    const open = items.find(({ pk }) => pk === 'guards-office#OPEN')?.['all']
    return !(open instanceof Set && open.has(call))
  })
}

test('refuses a call from a phone to itself, by endpoint or number', async () => {
  for (const to of ['60', '5860']) {
    expect(await errorOf(post({ from: '5860', to }))).toEqual({ status: 400, errorId: 'input-invalid', fields: ['to'] })
  }
})

test('refuses a call with 503 and Retry-After while the bridge does not reach its PBX', async () => {
  await heard('down')
  const refused = await until('the bridge to say so', async () => {
    const response = await post({ from: '5860', to: '61' })
    return response.status === 503 && response
  })
  expect(refused.headers.get('retry-after')).toBe('15')
  expect(await refused.json()).toMatchObject({ errorId: 'pbx-unreachable' })
  await heard('up')
  await until('the PBX to be back', async () => (await post({ from: '5860', to: '15' })).status === 403)
})

test('applies the dial rules of a key in addition to those of its site', async () => {
  await settings({ dialCountries: ['CH', 'BE'], dialMobile: false })
  const { secret } = await makeKey('narrow', { dialInternal: false, dialCountries: ['CH', 'DE'], dialMobile: true })
  const to = (number: string) => errorOf(post({ from: '5860', to: number }, secret))
  expect(await to('61')).toMatchObject({ status: 403, errorId: 'dial-internal' })
  expect(await to('0612345678')).toMatchObject({ status: 403, errorId: 'dial-mobile' })
  expect(await to('+32 2 551 20 20')).toMatchObject({ status: 403, errorId: 'dial-international' })
  expect(await to('+49 30 227 0')).toMatchObject({ status: 403, errorId: 'dial-international' })
  const swiss = await post({ from: '5860', to: '+41 22 730 51 11' }, secret)
  expect(swiss.status).toBe(202)
  await end(v.parse(Call, await swiss.json()).call)
})

test('accepts only as many of twenty concurrent calls as the cap allows, and another one after a call ends', async () => {
  await settings({ callsAtOnce: 3, callsPerMinute: 1_000 })
  const answers = await Promise.all(Array.from({ length: 20 }, () => post({ from: '5860', to: '61' })))
  const calls = await Promise.all(
    answers.filter(({ status }) => status === 202).map(async (one) => v.parse(Call, await one.json()).call),
  )
  expect(answers.map(({ status }) => status).sort()).toEqual([202, 202, 202, ...Array(17).fill(429)])
  const live = await deployment.call('GET', `${site}/calls?state=live`, { key: admin() })
  const listed = ((await live.json()) as { calls: Call[] }).calls
  expect(
    listed
      .filter(({ state }) => state === 'queued')
      .map(({ call }) => call)
      .sort(),
  ).toEqual(calls.sort())
  for (const call of calls) await end(call)
  await end(await placed(admin()))
})

test('applies a key’s own caps of concurrent calls, calls a minute and calls a day', async () => {
  await settings({ callsAtOnce: 10, callsPerMinute: 1_000 })
  const one = await makeKey('one at once', { callsAtOnce: 1 })
  const call = await placed(one.secret)
  expect(await errorOf(post({ from: '5860', to: '61' }, one.secret))).toMatchObject({ errorId: 'call-cap-at-once' })
  await end(call)
  await end(await placed(one.secret))
  for (const [rules, errorId] of [
    [{ callsPerMinute: 0 }, 'call-cap-minute'],
    [{ callsPerDay: 2 }, 'call-cap-day'],
  ] as const) {
    const { secret } = await makeKey(errorId, rules)
    if ('callsPerDay' in rules) for (const _ of [1, 2]) await end(await placed(secret))
    expect(await errorOf(post({ from: '5860', to: '61' }, secret))).toMatchObject({ status: 429, errorId })
  }
})

test('freezes a key that reaches a cap if the site’s settings say so, until it is unfrozen', async () => {
  await settings({ freezeOnCap: true })
  const { key, secret } = await makeKey('stolen', { callsPerMinute: 0 })
  expect(await errorOf(post({ from: '5860', to: '61' }, secret))).toMatchObject({ errorId: 'call-cap-minute' })
  expect(await errorOf(post({ from: '5860', to: '61' }, secret))).toMatchObject({ status: 403, errorId: 'key-frozen' })
  const listed = await deployment.call('GET', `${site}/keys`, { key: admin() })
  const { keys } = (await listed.json()) as { keys: { key: string; frozenAt?: string }[] }
  expect(keys.filter(({ frozenAt }) => frozenAt !== undefined).map((one) => one.key)).toEqual([key])
  expect((await deployment.call('DELETE', `${site}/keys/${key}/freeze`, { key: admin() })).status).toBe(200)
  await settings({ freezeOnCap: false })
  expect(await errorOf(post({ from: '5860', to: '61' }, secret))).toMatchObject({ errorId: 'call-cap-minute' })
})

test('the audit has an entry for each denied call, also for calls over a cap', async () => {
  const response = await deployment.call('GET', `${site}/audit?limit=200`, { key: admin() })
  const { entries } = (await response.json()) as { entries: { outcome: string }[] }
  const count = (outcome: string) => entries.filter((entry) => entry.outcome === outcome).length
  expect(count('call-cap-at-once')).toBe(18)
  expect(count('call-cap-minute')).toBe(3)
  expect(count('call-cap-day')).toBe(1)
  expect(count('key-frozen')).toBe(1)
  expect(count('dial-international')).toBe(2)
})

/** Every errorId with which a call can be refused, except those that need time to pass. */
const refusals: [string, string | object, status: number, errorId: string][] = [
  ['no JSON', '{"from": "5860", "to":', 400, 'json-malformed'],
  ['a SIP address', { from: '5860', to: 'sip:61@evil.example' }, 400, 'input-invalid'],
  ['a fork', { from: '5860', to: '61&PJSIP/5861' }, 400, 'input-invalid'],
  ['CR and LF', { from: '5860', to: '61\r\nX: y' }, 400, 'input-invalid'],
  ['200 digits', { from: '5860', to: '1'.repeat(200) }, 400, 'input-invalid'],
  ['a context', { from: '5860', to: '61', context: 'sortants' }, 400, 'input-invalid'],
  ['a priority', { from: '5860', to: '61', priority: 2 }, 400, 'input-invalid'],
  ['a Local channel', { from: 'Local/60@internes', to: '61' }, 400, 'input-invalid'],
  ['no phone of the site', { from: '5899', to: '61' }, 400, 'input-invalid'],
  ['its own number', { from: '5860', to: '60' }, 400, 'input-invalid'],
  ['an emergency number', { from: '5860', to: '112' }, 403, 'dial-emergency'],
  ['a premium number', { from: '5860', to: '0899 12 34 56' }, 403, 'dial-premium'],
  ['a short number', { from: '5860', to: '115' }, 403, 'dial-short'],
  ['a code of the dial plan', { from: '5860', to: '88889' }, 403, 'dial-service'],
  ['an unknown extension', { from: '5860', to: '9911' }, 404, 'extension-unknown'],
  ['a satellite', { from: '5860', to: '+881 6 1234 5678' }, 403, 'dial-satellite'],
  ['another country', { from: '5860', to: '+1 242 365 1234' }, 403, 'dial-international'],
  ['a mobile', { from: '5860', to: '0612345678' }, 403, 'dial-mobile'],
  ['a number to show', { from: '5860', to: '61', callerId: '0479000000' }, 403, 'caller-id-not-owned'],
  ['a cap', { from: '5860', to: '61' }, 429, 'call-cap-minute'],
]

test('the audit has an entry with the key for each refused call request, whatever the reason', async () => {
  const { key, secret } = await makeKey('refused', { callsPerMinute: 0 })
  for (const [, body, status, errorId] of refusals) {
    expect(await errorOf(post(body, secret))).toMatchObject({ status, errorId })
  }
  const asked = (path: string, method = 'POST', headers = {}) =>
    errorOf(deployment.call(method, path, { key: secret, body: { from: '5860', to: '61' }, headers }))
  // No Idempotency-Key, another site, and an invalid call.
  expect(await asked(`${site}/calls`)).toMatchObject({ status: 400, errorId: 'input-invalid' })
  expect(await asked('/v1/sites/elsewhere/calls')).toMatchObject({ status: 404, errorId: 'site-unknown' })
  expect(await asked(`${site}/calls/sh-1795507200.0000000001`, 'DELETE')).toMatchObject({ errorId: 'call-unknown' })
  // Refusals that depend on the state of the phone or the PBX.
  await heard('up', 'offline')
  await until('the phone to be offline', async () => (await errorOf(post(ring, secret))).errorId === 'caller-offline')
  await heard('down')
  await until('the PBX to be away', async () => (await errorOf(post(ring, secret))).errorId === 'pbx-unreachable')
  await heard('up')
  const response = await deployment.call('GET', `${site}/audit?limit=200`, { key: admin() })
  const { entries } = (await response.json()) as { entries: { who: string; outcome: string; what: string }[] }
  const own = entries.filter(({ who }) => who === `key:${key}`)
  const outcomes = own.map(({ outcome }) => outcome)
  const expected = [...refusals.map(([, , , errorId]) => errorId), 'input-invalid', 'site-unknown', 'call-unknown']
  // Calls that were repeated until the site was in that state were refused several times, also for earlier reasons.
  const waited = ['caller-offline', 'pbx-unreachable', 'call-cap-minute']
  const once = (outcome: string) => ![...waited, 'bridge-offline'].includes(outcome)
  expect(outcomes.filter(once).sort()).toEqual(expected.filter(once).sort())
  expect(outcomes).toEqual(expect.arrayContaining(waited))
})

test('no forbidden text passes a call, a caller id or a forward, and no legitimate one is refused, in six countries', async () => {
  const site = '/v1/sites/plans-office'
  const plans = await deployment.makeSite('plans-office')
  const key = plans.site.apiKey
  const phone = endpointFact('plans-office', [1, 1], '5860', 'NOT_INUSE')
  await deployment.send(plans, 'live', [{ ...phone, data: { ...phone.data, number: '60', forwardable: true } }])
  const put = (target: string) =>
    deployment.call('PUT', `${site}/extensions/60/forward`, { key, body: { target, when: 'busy' } })
  await until('the phone to be known', async () => (await put('112')).status === 403)
  const place = async (body: object): Promise<Response> => {
    const headers = { 'idempotency-key': `plan-${++asked}` }
    const response = await deployment.call('POST', `${site}/calls`, { key, body: { from: '5860', ...body }, headers })
    if (response.status !== 503) return response
    // On a slow machine the bridge becomes silent, so it sends a message again.
    await deployment.send(plans, 'live', [endpointFact('plans-office', [1, ++asked], '5860', 'NOT_INUSE')])
    return place(body)
  }
  const everyNth = <T>(list: readonly T[], n: number) => list.filter((_, index) => index % n === 0)
  const passed: object[] = []
  let tried = 0
  for (const country of planCountries) {
    for (const outsidePrefix of outsidePrefixes) {
      const caps = { callsAtOnce: 1_000, callsPerMinute: 1_000 }
      const settings = { ...caps, outsidePrefix, dialCountries: [neighbourOf(country)] }
      expect((await deployment.call('PATCH', site, { key, body: { country, settings } })).status).toBe(200)
      for (const text of everyNth(forbiddenTexts(country, outsidePrefix), 89)) {
        // A text goes one of the three ways, in turn.
        const way = tried++ % 3
        const { status } = await (way === 0
          ? put(text)
          : place(way === 1 ? { to: text } : { to: '61', callerId: text }))
        if (![400, 403, 404].includes(status)) passed.push({ country, outsidePrefix, text, status })
      }
      for (const { text, outside } of everyNth(legitimateTexts(country, outsidePrefix), 41)) {
        const response = await place({ to: text })
        const { dials } = (await response.json()) as { dials?: string }
        if (dials !== outsidePrefix + outside)
          passed.push({ country, outsidePrefix, text, status: response.status, dials })
      }
    }
  }
  expect(passed).toEqual([])
  expect(tried).toBeGreaterThan(30)
})
