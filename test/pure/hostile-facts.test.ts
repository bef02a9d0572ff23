import { expect, test } from 'vitest'
import type { RouteDefinition } from '../../contracts/routes/route.ts'
import { routes } from '../../contracts/routes.ts'
import { makeCdr } from '../support/cdrs.ts'
import { callFact, cdrEvent, endpointFact, epochReady, queueFact } from '../support/facts.ts'
import { inProcessApi } from '../support/in-process-api.ts'

/*
 * Goal: no fact and no call record that a bridge signs makes a function fail or an answer break its document. Method: texts that are odd
 * for keys, for JSON or for a screen stand in each field of facts and records; the functions of both queues take them, the tables refuse
 * keys that DynamoDB refuses, and then every list is read and compared with the OpenAPI document.
 */
const site = 'hostile-facts'
const wide = '\uffff'
const texts: Record<string, string> = {
  wide: wide.repeat(150),
  astral: '\u{1f600}'.repeat(75),
  hash: '#'.repeat(150),
  'null bytes': '\u0000'.repeat(3),
  'half a surrogate pair': '\ud800\ud800',
  'right to left': '\u202e0612345678',
  'a name of every object': '__proto__',
  slashes: '///',
  'digits of another script': '٠٦١٢٣٤٥٦٧٨',
}
const fields = [
  'src',
  'dst',
  'clid',
  'channel',
  'dstchannel',
  'lastdata',
  'userfield',
  'accountcode',
  'dcontext',
] as const
const period = 'from=2026-11-01T00:00:00Z&to=2026-11-30T00:00:00Z'

test('functions take every odd fact and record, and each list that is read afterwards is as its document says', async () => {
  const api = await inProcessApi()
  const office = await api.makeSite(site)
  // Other files use the same API in this process.
  const letters = () => api.sent.filter(({ url }) => url.endsWith('DEAD_RECORDS')).length
  const before = letters()
  for (const [n, text] of Object.values(texts).entries()) {
    const long = text.length > 100 ? text.repeat(20) : text
    await api.send(office, 'records', [
      ...fields.map((field, at) => cdrEvent(site, makeCdr(n * 20 + at, { [field]: long }))),
      cdrEvent(site, makeCdr(n * 20 + 19, { linkedid: text, uniqueid: text })),
      callFact(site, [1, n + 1], text, 'ended'),
    ])
    const endpoint = endpointFact(site, [1, 100 + n], 'x', 'NOT_INUSE')
    const data = { ...endpoint.data, endpoint: `PJSIP/${text}`, resource: text, number: text, name: text }
    await api.send(office, 'live', [
      callFact(site, [1, 200 + n], text, 'answered'),
      { ...endpoint, subject: data.endpoint, data },
      queueFact(site, [1, 300 + n], text, { part: 'queue', queue: text, strategy: text }),
    ])
  }
  const odd = [
    { start: '1969-12-31T23:59:59+0000' },
    { start: '9999-12-31T23:59:59+0000', end: '9999-12-31T23:59:59+0000' },
    { start: '2026-11-24T25:61:61+0000' },
    { start: '2026-11-24T08:00:00+9959' },
    { duration: 1e15, billsec: 1e15 },
    { sequence: Number.MAX_SAFE_INTEGER },
  ]
  await api.send(
    office,
    'records',
    odd.map((more, n) => cdrEvent(site, makeCdr(500 + n, more))),
  )
  expect(letters() - before).toBe(4)

  const lists = Object.entries<RouteDefinition>(routes).filter(
    ([route]) => /^GET [^{]*\{site\}\/[\w-]+(\/\w+)?$/.test(route) && !route.includes('verifications'),
  )
  expect(lists.length).toBeGreaterThan(10)
  for (const [route] of lists) {
    const path = route.replace('GET ', '').replace('{site}', site)
    const query = /cdrs|\/calls/.test(path)
      ? `?${period}`
      : path.endsWith('stats')
        ? '?from=2026-11-20&to=2026-11-30&by=day'
        : ''
    const answer = await api.call('GET', path + query, { key: office.site.apiKey })
    expect([route, answer.status]).toEqual([route, 200])
  }
  const endpoints = await (await api.call('GET', `/v1/sites/${site}/endpoints`, { key: office.site.apiKey })).text()
  expect(endpoints).toContain('PJSIP/__proto__')

  const ready = { liveCalls: Object.values(texts), endpoints: [], queues: Object.values(texts) }
  await api.send(office, 'live', [epochReady(site, [2, 1], ready)])
})
