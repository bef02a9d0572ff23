import { setTimeout as delay } from 'node:timers/promises'
import { makeCdr } from '../cdrs.ts'
import type { SharedDeployment, TestSite } from '../deployment.ts'
import { callFact, cdrEvent, endpointFact, epochReady } from '../facts.ts'
import type { Random } from '../random.ts'
import { makeSiteKey } from '../site-keys.ts'
import { until } from '../until.ts'
import type { FuzzRequest, FuzzWorld, Operation } from './requests.ts'

/** What a fuzzer needs of a site: keys of every kind, rows of every kind, and the ids that answers named. */
export interface FuzzSite extends FuzzWorld {
  site: string
  /** Text of a key with every scope. */
  owner: string
  /** Remembers ids, cursors and ETags of an answer, so that later requests use them. */
  remember(request: FuzzRequest, answer: Response): Promise<void>
  /** Returns the request, changed where it would end the site or reach a machine outside. */
  adapt(request: FuzzRequest): FuzzRequest
}

/** What a fuzzer uses of a deployment. */
export type FuzzedDeployment = Pick<SharedDeployment, 'api' | 'call' | 'makeSite' | 'send' | 'items' | 'put'> & {
  cloud: Pick<SharedDeployment['cloud'], 'adminKey'>
}

interface Options {
  random: Random
  /** The deployment is shared with other tests: no admin key, and no long wait. */
  isShared: boolean
}

/** Values of one name that are remembered; the oldest is dropped. */
const valuesMax = 30

/** Creates a site with rows and keys of every kind. */
export async function fuzzSite(
  deployment: FuzzedDeployment,
  name: string,
  { random, isShared }: Options,
): Promise<FuzzSite> {
  const office = await deployment.makeSite(name)
  const victim = await deployment.makeSite(`${name}-victim`)
  await fillSite(deployment, office)
  const keys = await keysOf(deployment, office, victim)
  const own = new Set(Object.values(keys).map((text) => text.split('_')[1]))
  const known = new Map<string, unknown[]>([
    ['extension', ['60', '61', '69']],
    ['matricule', ['20261', '20262']],
    ['day', ['2026-11-23', '2026-03-29']],
    ['mailbox', ['60']],
  ])

  function note(name: string, value: unknown): void {
    if (value === null || typeof value === 'object' || own.has(String(value))) return
    if (/^(site|apiKey|secret|token|ticket|url|socketUrl|publicKey)$/.test(name)) return
    const values = known.get(name) ?? []
    if (!values.includes(value)) known.set(name, [...values, value].slice(-valuesMax))
  }

  function noteAll(value: unknown, collection: string, depth = 0): void {
    if (typeof value !== 'object' || value === null || depth > 5) return
    for (const [field, inner] of Object.entries(value).slice(0, 50)) {
      if (Array.isArray(value) && typeof inner === 'object') noteAll(inner, collection, depth + 1)
      else if (field === 'id' && depth < 3) note(collection, inner)
      note(field, inner)
      noteAll(inner, collection, depth + 1)
    }
  }

  return {
    site: name,
    owner: keys.owner,
    key: (operation, random) => keyFor(operation, keys, isShared ? undefined : deployment.cloud.adminKey, random),
    known(field) {
      if (field === 'site') return random.next() < 0.93 ? name : `${name}-victim`
      const values = known.get(field)
      return values?.[random.below(values.length)]
    },
    async remember({ route }, answer) {
      note('if-none-match', answer.headers.get('etag') ?? null)
      note('if-match', answer.headers.get('etag') ?? null)
      if (!answer.ok || !answer.headers.get('content-type')?.includes('json')) return
      const words = route.split(/[ /{}]+/).filter((word) => /^[a-z-]+s$/.test(word))
      const collection = words.at(-1)?.replace(/ies$/, 'y').replace(/s$/, '') ?? 'id'
      noteAll(await answer.json(), collection)
    },
    adapt(request) {
      const { route, target, body } = request
      const gone = route === 'DELETE /v1/sites/{site}' ? target.replace(`/${name}`, `/${name}-victim`) : target
      const text = body && Buffer.from(body, 'base64').toString('latin1')
      return {
        ...request,
        target: isShared ? gone.replace(/wait=\d+/, 'wait=1') : gone,
        // No machine of others receives deliveries.
        ...(text?.includes('//example.com') && {
          body: Buffer.from(text.replaceAll('//example.com', '//no-such-host.example.com'), 'latin1').toString(
            'base64',
          ),
        }),
      }
    },
  }
}

type Keys = Record<string, string> & { owner: string }

/** Mostly a key that may use the route, so that requests reach its use case. */
function keyFor(operation: Operation, keys: Keys, adminKey: string | undefined, random: Random): string | undefined {
  const wanted = operation.security ?? []
  const takesAdmin = wanted.some((one) => 'adminKey' in one)
  if (random.next() < 0.8) return takesAdmin && adminKey && random.next() < 0.5 ? adminKey : keys.owner
  const all = [...Object.values(keys), ...(adminKey ? [adminKey] : []), undefined, 'nonsense', 'shk_0_0', 'é'.slice(1)]
  return random.pick(all.map((key) => ({ key }))).key
}

async function keysOf(deployment: FuzzedDeployment, office: TestSite, victim: TestSite): Promise<Keys> {
  const make = async (more: Parameters<typeof makeSiteKey>[2]) => (await makeSiteKey(deployment, office, more)).secret
  const api = deployment.api(office.site.apiKey)
  const path = { site: office.site.site }
  const [viewer, operator, lookup, revoked, rotated, frozen, capped] = await Promise.all([
    make({ role: 'viewer' }),
    make({ role: 'operator' }),
    make({ scopes: ['grades:lookup'] }),
    make({ role: 'admin' }),
    make({ role: 'admin' }),
    make({ role: 'admin' }),
    make({ role: 'admin', calls: { callsPerDay: 1, callsAtOnce: 1 }, requestsMax: 1_000 }),
  ])
  const prefix = (text: string) => text.split('_')[1] ?? ''
  await api('DELETE /v1/sites/{site}/keys/{key}', { path: { ...path, key: prefix(revoked) } })
  await api('POST /v1/sites/{site}/keys/{key}/rotate', {
    path: { ...path, key: prefix(rotated) },
    body: { overlapSeconds: 0 },
  })
  const row = (await deployment.items('AccessTable')).find(({ pk }) => pk === `KEY#${prefix(frozen)}`)
  await deployment.put('AccessTable', { ...row, frozenAt: Date.now() })
  const { body: board } = await api('POST /v1/sites/{site}/boards', { path, body: { name: 'wall' } })
  const boardToken = String(Object.values(board).find((value) => typeof value === 'string' && value.startsWith('shb_')))
  const owner = office.site.apiKey
  return {
    owner,
    viewer,
    operator,
    lookup,
    revoked,
    rotated,
    frozen,
    capped,
    board: boardToken,
    other: victim.site.apiKey,
  }
}

/** Gives a site phones, a call, call records, marks, a webhook and a bridge that was just heard. */
async function fillSite(deployment: FuzzedDeployment, office: TestSite): Promise<void> {
  const { site, apiKey } = office.site
  const epoch = Math.floor(Date.now() / 1000)
  const phones = ['5860', '5861', '5862'].map((resource, n) =>
    endpointFact(site, [epoch, n + 1], resource, 'NOT_INUSE'),
  )
  const call = callFact(site, [epoch, 4], 'pbx1-1.1', 'answered')
  const ready = epochReady(site, [epoch, 5], {
    liveCalls: ['pbx1-1.1'],
    endpoints: phones.map(({ subject }) => subject),
  })
  await deployment.send(office, 'live', [...phones, call, ready])
  await deployment.send(
    office,
    'records',
    [1, 2, 3].map((n) => cdrEvent(site, makeCdr(n))),
  )
  const api = deployment.api(apiKey)
  const rows = [20261, 20262].map((student) => ({ matricule: String(student), note: 12, pin: '4711' }))
  await api('POST /v1/sites/{site}/grades', { path: { site }, body: { rows } })
  const hook = { url: 'https://no-such-host.example.com/x', types: ['call.ended'] }
  await api('POST /v1/sites/{site}/webhooks', { path: { site }, body: hook })
  await until('the phones of the site', async () => {
    const { body } = await api('GET /v1/sites/{site}/endpoints', { path: { site } })
    return 'endpoints' in body && body.endpoints.length >= phones.length
  })
}

/** Sends the requests of `make` until `count` are answered, `atOnce` at a time. */
export async function inParallel(count: number, atOnce: number, one: (n: number) => Promise<void>): Promise<void> {
  let next = 0
  const lane = async () => {
    while (next < count) {
      await one(next++)
      // Answers and file events of other lanes come first.
      await delay(0)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
}
