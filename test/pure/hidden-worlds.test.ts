import * as v from 'valibot'
import { beforeAll, expect, test } from 'vitest'
import type { CallEvent, EndpointEvent } from '../../contracts/events.ts'
import type { RouteDefinition } from '../../contracts/routes/route.ts'
import { routes } from '../../contracts/routes.ts'
import { makeCdr } from '../support/cdrs.ts'
import type { TestSite } from '../support/deployment.ts'
import { callFact, cdrEvent, endpointFact, queueFact } from '../support/facts.ts'
import { callStates, endpointStates, queueParts, type Secret, secrets } from '../support/hidden-worlds.ts'
import { type InProcessApi, inProcessApi } from '../support/in-process-api.ts'

/*
 * Goal: what a key may not see changes no answer. Method: two sites differ in one number and one name alone, which stand in each
 * field of endpoints, queues, live calls and call records. A viewer sends the same requests to every route that may hold personal data,
 * taken from the route registry, and the answers are compared byte for byte. The frames are in hidden-numbers.test.ts.
 */
let api: InProcessApi
const viewerScopes = ['sites:read', 'presence:read', 'calls:read', 'cdrs:read', 'calls:write'] as const
interface World {
  secret: Secret
  site: TestSite
  name: string
  /** A key that sees no numbers. */
  viewer: string
}
let worlds: World[]

/** Call records with the secret in each field that may hold a number or a name, one a record. */
function cdrsOf({ number, name }: Secret) {
  const fields = [
    { src: number },
    { dst: number },
    { clid: `"${name}" <${number}>` },
    { channel: `Local/${number}@sortants-00000001;1` },
    { dstchannel: `Local/${number}@sortants-00000001;1` },
    { lastdata: `PJSIP/${number}@mytrunk,30` },
    { userfield: `DID ${number}` },
    { accountcode: name },
    { peeraccount: name },
    { recordingfile: `out-${number}-60.wav` },
    { cnum: number, cnam: name },
  ]
  return fields.map((more, n) => makeCdr(n, more))
}

async function makeWorld(name: string, secret: Secret): Promise<World> {
  const site = await api.makeSite(name)
  const endpoints = endpointStates(secret).map((data, n): EndpointEvent => {
    return { ...endpointFact(name, [1, n + 1], data.resource, data.deviceState), data }
  })
  const calls = callStates(secret).map((data, n): CallEvent => {
    const seq = endpoints.length + n + 1
    return { ...callFact(name, [1, seq], data.call, data.state), k: n + 1, data }
  })
  const before = endpoints.length + calls.length
  const queue = queueParts(secret).map(([id, part], n) => ({
    ...queueFact(name, [1, before + n + 1], id, part),
    k: n + 1,
  }))
  await api.send(site, 'live', [...endpoints, ...calls, ...queue])
  await api.send(
    site,
    'records',
    cdrsOf(secret).map((cdr) => cdrEvent(name, cdr)),
  )
  const made = await api.call('POST', `/v1/sites/${name}/keys`, {
    key: site.site.apiKey,
    body: { name: 'viewer', scopes: viewerScopes },
  })
  const { secret: viewer } = v.parse(v.looseObject({ secret: v.string() }), await made.json())
  return { secret, site, name, viewer }
}

beforeAll(async () => {
  api = await inProcessApi()
  worlds = [await makeWorld('worlds-0', secrets[0]), await makeWorld('worlds-1', secrets[1])]
})

const period = 'from=2026-11-01T00:00:00Z&to=2026-11-30T00:00:00Z'
const [{ number, name: person }] = secrets
const people = [number, `${number.slice(0, 5)}*`, '60', person.split(' ')[0] ?? '']

/** Values of each parameter of a query; the first is also used with every other parameter if the parameter is required. */
const parameters: Record<string, readonly string[]> = {
  caller: people,
  party: people.slice(0, 1),
  accountcode: [person],
  name: [person],
  extension: ['60', number],
  direction: ['internal'],
  order: ['oldest'],
  limit: ['1'],
  fields: ['src,caller,dst,dialled,clid'],
  state: ['live'],
  format: ['jsonl', 'xlsx'],
  by: ['day', 'trunk', 'extension'],
  // What these choose is not hidden, or they are in every request.
  ...Object.fromEntries(
    ['from', 'to', 'called', 'disposition', 'result', 'minDuration', 'preset', 'separator'].map(none),
  ),
  ...Object.fromEntries(['bom', 'technology', 'reachability', 'deviceState', 'wait', 'cursor'].map(none)),
}
function none(name: string): [string, readonly string[]] {
  return [name, []]
}

const linkedids = cdrsOf(secrets[0]).map(({ linkedid }) => linkedid)
/** Values of each parameter of a path, by the part of the path before it. */
const pathValues: Record<string, readonly string[]> = {
  'calls/{id}': [...callStates(secrets[0]).map(({ call }) => call), ...linkedids.slice(0, 2)],
  'endpoints/{id}': ['5861', '5862', number],
  'extensions/{extension}': endpointStates(secrets[0]).map(({ resource }) => resource.slice(2)),
  'grades/{matricule}': ['700'],
  'exports/{export}': ['unknown'],
  'verifications/{day}': ['2026-11-23'],
  'webhooks/{webhook}': ['wh_0123456789abcdef'],
  'deliveries/{delivery}': ['1795460594000-evt_0123456789abcdef0123456789abcdef'],
}

function known(values: Record<string, readonly string[]>, name: string, route: string): readonly string[] {
  const found = values[name]
  if (!found) throw new Error(`Add values of ${name}, a parameter of ${route}, to this test.`)
  return found
}

/** Returns paths below the site for a route: each value of its path, and each value of each parameter of its query. */
function pathsOf(route: string, { query }: RouteDefinition): string[] {
  const template = route.replace(/^\w+ \/v1\/sites\/\{site\}\/?/, '')
  const [place] = /\w+\/\{\w+\}/.exec(template) ?? []
  if (place) {
    const part = place.replace(/.*\//, '')
    return known(pathValues, place, route).map((value) => template.replace(part, encodeURIComponent(value)))
  }
  const entries = query && 'entries' in query ? Object.keys(query.entries as object) : []
  const fixed = entries.includes('from') ? period : ''
  // A change, such as the order of an export, is made without a search and with one by number.
  const varied = route.startsWith('GET ') ? entries : entries.filter((entry) => entry === 'caller')
  const searches = varied.flatMap((entry) =>
    known(parameters, entry, route).map((value) => `${entry}=${encodeURIComponent(value)}`),
  )
  return ['', ...searches].map((search) => `${template}?${fixed}&${search}`)
}

/** Every route that is declared to show personal data, and every other one that a viewer may read. */
const read: [string, RouteDefinition][] = Object.entries<RouteDefinition>(routes).filter(
  ([route, { personal, needs }]) =>
    route.includes('{site}') &&
    (personal !== undefined || (route.startsWith('GET ') && viewerScopes.some((scope) => scope === needs))),
)

/** Times of a test run, and ids that are new for each request. */
const volatile = /20\d\d-\d\d-\d\dT[\d:.]+Z|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\bsh-\d+\.\d+/g
const ofTheWorlds = /^2026-11-2[34]T/

/** Returns all of an answer but site, times of the run, ids of the request, and the seal of a cursor, which depends on the site. */
async function comparable(response: Response, site: string): Promise<string> {
  const bytes = Buffer.from(await response.arrayBuffer())
  const isText = !String(response.headers.get('content-type')).includes('spreadsheet')
  const opened = (cursor: string) => Buffer.from(cursor.split('.')[0] ?? '', 'base64url').toString()
  const body = isText ? bytes.toString() : `${bytes.length} bytes`
  const stable = body
    .replaceAll(site, '(site)')
    .replace(volatile, (found) => (ofTheWorlds.test(found) ? found : '(new)'))
    .replace(/"cursor":"([^"]+)"/g, (_, cursor) => `"cursor":"${opened(cursor)}"`)
  const names = ['content-type', 'content-length', 'switchhook-rows', 'retry-after']
  const headers = names.map((name) => `${name}: ${response.headers.get(name)}`)
  const cursor = response.headers.get('switchhook-cursor')
  // The ETag is the hash of a body, so it is comparable only if the body is.
  const etag = stable === body ? response.headers.get('etag') : ''
  return [response.status, etag, cursor && opened(cursor), ...headers, stable].join('\n')
}

async function answersOf(method: string, path: string, keyOf: (world: World) => string): Promise<string[]> {
  return Promise.all(
    worlds.map(async (world) => {
      const response = await api.call(method, `/v1/sites/${world.name}/${path}`, { key: keyOf(world) })
      return comparable(response, world.name)
    }),
  )
}

test('the worlds have all calls, call records, phones and queues', async () => {
  for (const { name, site, secret } of worlds) {
    const count = async (path: string, word: string) => {
      const text = await (await api.call('GET', `/v1/sites/${name}/${path}`, { key: site.site.apiKey })).text()
      return text.split(word).length - 1
    }
    expect(await count(`cdrs?${period}`, '"uniqueid"')).toBe(cdrsOf(secret).length)
    expect(await count('calls?state=live', '"startedAt"')).toBe(callStates(secret).length)
    expect(await count('endpoints', '"deviceState"')).toBe(endpointStates(secret).length)
    expect(await count('queues', '"position"')).toBe(3)
  }
})

test.each(read)('the answers of %s to a viewer do not depend on a hidden number or name', async (route, definition) => {
  const [method = ''] = route.split(' ')
  for (const path of pathsOf(route, definition)) {
    const [a, b] = await answersOf(method, path, ({ viewer }) => viewer)
    expect(b, path).toBe(a)
    const shownPath = decodeURIComponent(path)
    for (const secret of secrets.flatMap(({ number, name }) => [number, name]))
      if (!shownPath.includes(secret)) expect(a, path).not.toContain(secret)
  }
})

/** Routes whose answers an operator sees with numbers, so that the comparison above could fail. */
const shown = [
  'endpoints',
  'queues',
  'forwards',
  'extensions/62/forward',
  `cdrs?${period}`,
  `cdrs/export?${period}`,
  `calls?${period}`,
  'calls?state=live',
  'calls/former',
  'calls/caller/events',
  `calls/${linkedids[0]}`,
]
test.each(shown)('an operator sees the number or the name in %s', async (path) => {
  const [a, b] = await answersOf('GET', path, ({ site }) => site.site.apiKey)
  if (path.endsWith('/events')) expect(a).toBe(b)
  else expect(a).not.toBe(b)
})

test('a viewer gets no page of a search by number with the cursor of an operator', async () => {
  const [world] = worlds
  if (!world) throw new Error('no world')
  const at = (query: string, key: string) => api.call('GET', `/v1/sites/${world.name}/calls?${query}`, { key })
  const page = await (await at(`${period}&caller=60&limit=2`, world.site.site.apiKey)).json()
  const { cursor } = v.parse(v.looseObject({ cursor: v.string() }), page)
  const query = `cursor=${encodeURIComponent(cursor)}`
  expect((await at(query, world.site.site.apiKey)).status).toBe(200)
  const refused = await at(query, world.viewer)
  expect([refused.status, await refused.json()]).toMatchObject([400, { errorId: 'cursor-invalid' }])
})

test('the answer to a placed call and to its end hides numbers and names from a key without cdrs:personal', async () => {
  const [world] = worlds
  if (!world) throw new Error('no world')
  const { name, viewer, site } = world
  const headers = { 'idempotency-key': 'hidden-worlds' }
  const [{ number, name: person }] = secrets
  const body = { from: 'PJSIP/5860', to: '64', metadata: { customer: person, [number]: 'called back' } }
  const order = { key: viewer, body, headers }
  const placed = await api.call('POST', `/v1/sites/${name}/calls`, order)
  const text = await placed.text()
  expect(placed.status, text).toBe(202)
  const { call } = v.parse(v.looseObject({ call: v.string() }), JSON.parse(text))
  expect(text).not.toMatch(/Canary|0612345678|"(60|64)"/)
  const read = await api.call('GET', `/v1/sites/${name}/calls/${call}`, { key: viewer })
  expect([read.status, await read.text()]).toEqual([200, expect.not.stringMatching(/Canary|0612345678|metadata/)])
  const seen = await (await api.call('GET', `/v1/sites/${name}/calls/${call}`, { key: site.site.apiKey })).text()
  expect(seen).toMatch(/Canary.*0612345678/)
  for (const id of [call, 'caller', 'former', 'callee']) {
    const ended = await api.call('DELETE', `/v1/sites/${name}/calls/${id}`, { key: viewer })
    const shownCall = await ended.text()
    expect(ended.status, shownCall).toBe(202)
    expect(shownCall).not.toMatch(/Canary|0612345678|"(60|61|64)"/)
  }
})
