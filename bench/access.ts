import { generateKeyPairSync, sign } from 'node:crypto'
import { packBody } from '../contracts/packed-body.ts'
import { makeApiKey } from '../functions/domain/api-key.ts'
import { cachedKeys, openMessage } from '../functions/queues/open-batch.ts'
import { runFixture } from '../test/cloud/local-fixture/packaged-fixture.ts'
import { makeCdr } from '../test/support/cdrs.ts'
import { deploy } from '../test/support/deployment.ts'
import { cdrEvent, endpointFact } from '../test/support/facts.ts'
import { type Figure, median } from './figure.ts'

const rounds = 400
const verifyMs = 2_000
const verifyRuns = 5

/** `npm run bench -- access`: what the authorizer adds to a request, and how fast signed bodies are verified. */
export async function measure(): Promise<Figure[]> {
  return [...(await authorizerMs()), ...(await bodiesPerSecond())]
}

/**
 * Warm invocations of the packaged authorizer and of an empty function in turns, both under AWS's runtime interface client.
 * The authorizer's one read goes to the emulator, where AWS's would go to DynamoDB.
 */
async function authorizerMs(): Promise<Figure[]> {
  await using deployment = await deploy()
  await using fixture = await runFixture()
  const { site } = await deployment.makeSite('bench')
  const event = (key: string) => ({ version: '2.0', type: 'REQUEST', headers: { authorization: `Bearer ${key}` } })
  const timed = async (cloud: typeof fixture.cloud, name: string, input: unknown) => {
    const started = performance.now()
    const { functionError } = await cloud.invoke(name, input)
    if (functionError) throw new Error(`${name} failed: ${functionError}`)
    return performance.now() - started
  }
  const times = { empty: [] as number[], known: [] as number[], unknown: [] as number[] }
  for (let round = -20; round < rounds; round++) {
    const empty = await timed(fixture.cloud, 'echo', {})
    const known = await timed(deployment.cloud, 'authorizeHttp', event(site.apiKey))
    const unknown = await timed(deployment.cloud, 'authorizeHttp', event(makeApiKey().text))
    // The first ones warm up what is measured.
    if (round < 0) continue
    times.empty.push(empty)
    times.known.push(known)
    times.unknown.push(unknown)
  }
  const [empty, known, unknown] = [median(times.empty), median(times.known), median(times.unknown)]
  const target = 'at most 3'
  return [
    { name: 'empty function, warm, p50', value: empty, unit: 'ms' },
    { name: 'authorizer, a good key, beyond the empty one', value: known - empty, unit: 'ms', target },
    { name: 'authorizer, an unknown key, beyond the empty one', value: unknown - empty, unit: 'ms', target },
    { name: 'unknown key to good key', value: unknown / known, unit: '', ratioTo: 'a good key' },
  ]
}

/** By processor time, which is what one core gives: unpacking has a thread of its own. */
async function bodiesPerSecond(): Promise<Figure[]> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const keys = cachedKeys({ bridgeKey: async () => publicKey }, Date.now)
  const stranger = generateKeyPairSync('ed25519').privateKey
  const pack = (events: readonly unknown[], by = privateKey) =>
    packBody(
      { site: 'bench', key: 'k', lane: 'records' },
      events.map((event) => JSON.stringify(event)),
      (bytes) => sign(null, bytes, by),
    )
  const cdrs = (count: number) => Array.from({ length: count }, (_, n) => cdrEvent('bench', makeCdr(n)))
  const facts = Array.from({ length: 10 }, (_, n) => endpointFact('bench', [1, n + 1], `58${n}`, 'INUSE'))
  const bodies = {
    'bodies of one CDR opened': pack(cdrs(1)),
    'bodies of ten facts opened': pack(facts),
    'bodies of fifty CDRs opened': pack(cdrs(50)),
    'forged bodies refused': pack(cdrs(1), stranger),
  }
  const figures: Figure[] = []
  for (const [name, body] of Object.entries(bodies)) {
    const runs: number[] = []
    for (let run = 0; run < verifyRuns; run++) runs.push(await perCoreSecond(body, keys))
    figures.push({ name: `${name}, a core`, value: Math.round(median(runs)), unit: '/s', target: 'at least 5000' })
  }
  return figures
}

async function perCoreSecond(body: string, keys: Parameters<typeof openMessage>[1]): Promise<number> {
  const record = { messageId: 'm', body, attributes: { SentTimestamp: '0' } } as Parameters<typeof openMessage>[0]
  const aside = { put: async () => undefined }
  const print = console.log
  // A refusal is logged; writing the log is not what is measured.
  console.log = () => undefined
  try {
    const used = process.cpuUsage()
    const until = performance.now() + verifyMs / verifyRuns
    let done = 0
    while (performance.now() < until) {
      for (let n = 0; n < 20; n++, done++) await openMessage(record, keys, aside, 'records')
    }
    const { user, system } = process.cpuUsage(used)
    return done / ((user + system) / 1e6)
  } finally {
    console.log = print
  }
}
