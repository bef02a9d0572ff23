import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import * as v from 'valibot'
import { DeliveryPage } from '../../contracts/webhook.ts'
import { testLimits } from '../support/cloud-limits.ts'
import { type Deployment, deploy, type TestSite } from '../support/deployment.ts'
import { callFact } from '../support/facts.ts'
import { until } from '../support/until.ts'

/** What the receivers do, and how many of each there are. */
const kinds = { good: 35, hang: 30, fail: 20, drip: 10, flood: 5 } as const
type Kind = keyof typeof kinds
/** Processes of each function; AWS would run up to 35 that deliver (infra/cloud/concurrency.yml). */
const processes = 16
const betweenEventsMs = 8_000
const dripMs = 500
const flood = Buffer.alloc(10 * 2 ** 20, 'x')
const killsEach = 5
const patienceMs = 300_000
/** The function's own limit is 15 s for a try; a dead one gives its place back after a minute. */
const settleMs = 20_000

interface Target {
  kind: Kind
  site: TestSite
  webhook: string
}

/**
 * Goal: receivers that hang, fail, drip or flood delay no good one, and no event is lost, though functions are killed.
 * Method: the packaged functions, several processes of each, and 100 receivers at two sites: first the 35 good ones alone, then all,
 * while processes that deliver are killed.
 *
 * `npm run campaign -- webhook-isolation [events]`; 30 events take about four minutes.
 */
export async function main(args: string[]): Promise<void> {
  const events = Number(args[0] ?? 30)
  await using parts = new AsyncDisposableStack()
  const deployment = parts.use(await deploy({ ...testLimits, processesPerFunction: processes }))
  const receivers = parts.use(await startReceivers())
  const sites = [await deployment.makeSite('one'), await deployment.makeSite('two')]
  const targets = await makeTargets(deployment, receivers.url, sites, ['good'])
  await run(deployment, sites, targets, receivers.arrivals, 5, 'warm')
  const alone = await run(deployment, sites, targets, receivers.arrivals, events, 'alone')
  print('the good ones alone', alone)
  targets.push(...(await makeTargets(deployment, receivers.url, sites, ['hang', 'fail', 'drip', 'flood'])))
  // The first tries to bad receivers find out that they are bad.
  await run(deployment, sites, targets, receivers.arrivals, 3, 'first')
  await delay(settleMs)
  const among = await run(deployment, sites, targets, receivers.arrivals, events, 'among')
  print('the good ones among all', among)
  const killed = await withKills(() => run(deployment, sites, targets, receivers.arrivals, events, 'killed'))
  print(`the same with ${killed.kills} killed processes`, killed.result)
  const hidden = await unseen(deployment, targets)
  const ratio = quantile(among, 0.95) / quantile(alone, 0.95)
  console.log(
    `p95 among all: ${ratio.toFixed(2)} of that alone, at most 1.5; ${hidden.length} deliveries without a reason`,
  )
  for (const one of hidden.slice(0, 10)) console.log(one)
  if (ratio > 1.5 || hidden.length > 0) throw new Error('a bad receiver delays good ones, or a delivery is not told')
}

/** Targets that were made: a site has at most 50. */
let made = 0

async function makeTargets(
  deployment: Deployment,
  url: string,
  sites: readonly TestSite[],
  wanted: readonly Kind[],
): Promise<Target[]> {
  const targets: Target[] = []
  for (const kind of wanted) {
    for (let n = 0; n < kinds[kind]; n += 1) {
      made += 1
      const site = sites[made % sites.length]
      if (!site) continue
      const { body } = await deployment.api(site.site.apiKey)('POST /v1/sites/{site}/webhooks', {
        path: { site: site.site.site },
        body: { url: `${url}/${kind}/${site.site.site}/${n}`, types: ['call.started'], perSecond: 100 },
      })
      targets.push({ kind, site, webhook: body.id })
    }
  }
  return targets
}

let calls = 0

/** Sends a new call of each site now and then; returns the milliseconds from each to each good receiver, once all have it. */
async function run(
  deployment: Deployment,
  sites: readonly TestSite[],
  targets: readonly Target[],
  arrivals: Map<string, Map<string, number>>,
  events: number,
  what: string,
): Promise<number[]> {
  const sent = new Map<string, { at: number; site: string }>()
  for (let n = 0; n < events; n += 1) {
    for (const { site, ...keys } of sites) {
      calls += 1
      const call = `${1_796_000_000 + calls}.${calls}`
      sent.set(call, { at: Date.now(), site: site.site })
      await deployment.send({ site, ...keys }, 'live', [callFact(site.site, [1_795_460_000, calls], call, 'dialling')])
    }
    await delay(betweenEventsMs)
    process.stdout.write(`\r${what}: ${n + 1} of ${events} `)
  }
  console.log()
  const good = (site: string) => targets.filter((one) => one.kind === 'good' && one.site.site.site === site).length
  const isAt = (call: string, site: string) => (arrivals.get(call)?.size ?? 0) >= good(site)
  await until(
    'each event at each good receiver',
    async () => [...sent].every(([call, { site }]) => isAt(call, site)),
    patienceMs,
  )
  return [...sent].flatMap(([call, { at }]) => [...(arrivals.get(call)?.values() ?? [])].map((arrived) => arrived - at))
}

/** Kills processes of the function that delivers, while `work` runs. */
async function withKills<T>(work: () => Promise<T>): Promise<{ result: T; kills: number }> {
  let isRunning = true
  let kills = 0
  const killing = (async () => {
    while (isRunning && kills < killsEach) {
      await delay(betweenEventsMs * 2)
      const [some] = shuffled(await processesOf('deliverWebhooks'))
      if (some === undefined) continue
      process.kill(some, 'SIGKILL')
      kills += 1
    }
  })()
  try {
    return { result: await work(), kills: await killing.then(() => kills) }
  } finally {
    isRunning = false
  }
}

/** Ids of the processes of this run that execute a function now; a resting one is stopped. */
async function processesOf(name: string): Promise<number[]> {
  const found: number[] = []
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const environment = await readFile(`/proc/${entry}/environ`, 'utf8').catch(() => '')
    const status = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '')
    const [, , state, parent] = status.split(' ')
    if (Number(parent) === process.pid && state !== 'T' && environment.includes(name)) found.push(Number(entry))
  }
  return found
}

function shuffled<T>(list: T[]): T[] {
  return list.toSorted(() => Math.random() - 0.5)
}

/** Deliveries to bad receivers that neither wait for a try nor tell why they failed. */
async function unseen(deployment: Deployment, targets: readonly Target[]): Promise<string[]> {
  const found: string[] = []
  for (const { kind, site, webhook } of targets) {
    const path = `/v1/sites/${site.site.site}/webhooks/${webhook}/deliveries?limit=100`
    const response = await deployment.call('GET', path, { key: site.site.apiKey })
    const { deliveries } = v.parse(DeliveryPage, await response.json())
    if (deliveries.length === 0) found.push(`${kind} ${webhook}: no delivery in the log`)
    for (const { id, state, tries, nextTryAt } of deliveries) {
      const isTold = state === 'delivered' || (tries.length > 0 ? tries.every(isExplained) : nextTryAt !== undefined)
      const isWaiting = state === 'pending'
      if (!isTold && !isWaiting) found.push(`${kind} ${webhook} ${id}: ${state} after ${tries.length} tries`)
      if (kind === 'good' && state !== 'delivered') found.push(`${kind} ${webhook} ${id}: ${state}`)
    }
  }
  return found
}

function isExplained({ status, error }: { status?: number | undefined; error?: string | undefined }): boolean {
  return status !== undefined || error !== undefined
}

async function startReceivers() {
  /** When each good receiver first got the event of each call, by call and path. */
  const arrivals = new Map<string, Map<string, number>>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => void chunks.push(chunk))
    request.on('end', () => {
      const path = request.url ?? ''
      const kind = path.split('/')[1]
      if (kind === 'good') {
        const { subject } = JSON.parse(Buffer.concat(chunks).toString())
        const at = arrivals.get(subject) ?? new Map<string, number>()
        if (!at.has(path)) at.set(path, Date.now())
        arrivals.set(subject, at)
        response.writeHead(204).end()
      } else if (kind === 'fail') response.writeHead(500).end('out of order')
      else if (kind === 'flood') response.writeHead(200).end(flood)
      else if (kind === 'drip') drip(response)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    arrivals,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

function drip(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/plain' })
  const timer = setInterval(() => response.write('.'), dripMs)
  response.on('close', () => clearInterval(timer))
}

function print(what: string, ms: readonly number[]): void {
  const part = (share: number) => quantile(ms, share)
  console.log(`${what}: ${ms.length} deliveries, p50 ${part(0.5)} ms, p95 ${part(0.95)} ms, most ${part(1)} ms`)
}

function quantile(ms: readonly number[], share: number): number {
  const sorted = ms.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
