import { generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto'
import { zstdDecompressSync } from 'node:zlib'
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb'
import type { SQSRecord } from 'aws-lambda'
import { openBody, packBody } from '../contracts/packed-body.ts'
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

/** `npm run bench -- access`: the time that the authorizer adds to a request, and the rate at which signed bodies are verified. */
export async function measure(): Promise<Figure[]> {
  return [...(await authorizerMs()), ...(await bodiesPerSecond())]
}

/**
 * Warm invocations of the packaged authorizer and of an empty function in turns, both under AWS's runtime interface client.
 * The authorizer's one read goes to the DynamoDB emulator. What it takes beyond the empty function is divided by that read.
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
  const { cloud } = deployment
  const credentials = cloud.credentials('AuthorizeHttpRole')
  const db = new DynamoDBClient({ region: cloud.region, endpoint: cloud.endpoints.dynamodb, credentials })
  const Key = { pk: { S: `KEY#${site.apiKey.split('_')[1]}` }, sk: { S: '-' } }
  const times = { empty: [] as number[], known: [] as number[], unknown: [] as number[], read: [] as number[] }
  for (let round = -20; round < rounds; round++) {
    const empty = await timed(fixture.cloud, 'echo', {})
    const known = await timed(deployment.cloud, 'authorizeHttp', event(site.apiKey))
    const unknown = await timed(deployment.cloud, 'authorizeHttp', event(makeApiKey().text))
    const started = performance.now()
    await db.send(new GetItemCommand({ TableName: cloud.ref('AccessTable'), Key, ConsistentRead: true }))
    const read = performance.now() - started
    // The first rounds warm up.
    if (round < 0) continue
    times.read.push(read)
    times.empty.push(empty)
    times.known.push(known)
    times.unknown.push(unknown)
  }
  db.destroy()
  const [empty, known, unknown] = [median(times.empty), median(times.known), median(times.unknown)]
  const readMs = median(times.read)
  const ratio = { unit: '', target: 'at most 2.5', ratioTo: 'one read of the emulator' }
  return [
    { name: 'empty function, warm, p50', value: empty, unit: 'ms' },
    { name: 'one read of the emulator, p50', value: readMs, unit: 'ms' },
    { name: 'authorizer, a good key, beyond the empty one', value: known - empty, unit: 'ms' },
    { name: 'authorizer, a good key, beyond the empty one', value: (known - empty) / readMs, ...ratio },
    { name: 'authorizer, an unknown key, beyond the empty one', value: (unknown - empty) / readMs, ...ratio },
    { name: 'unknown key to good key', value: unknown / known, unit: '', ratioTo: 'a good key' },
  ]
}

/**
 * Bodies per second of CPU. Verified: the body is parsed, its signature verified, its data unpacked. Read: each event is
 * parsed and checked as well. The bar divides them by the same steps done by Node's own functions and nothing else.
 */
async function bodiesPerSecond(): Promise<Figure[]> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const keys = cachedKeys({ bridgeKey: async () => publicKey }, Date.now)
  const stranger = generateKeyPairSync('ed25519').privateKey
  const pack = (events: readonly unknown[], by = privateKey) =>
    packBody(
      { site: 'bench', key: 'k', lane: 'records' },
      events.map((event) => Buffer.from(JSON.stringify(event))),
      (bytes) => sign(null, bytes, by),
    )
  const cdrs = (count: number) => Array.from({ length: count }, (_, n) => cdrEvent('bench', makeCdr(n)))
  const facts = Array.from({ length: 10 }, (_, n) => endpointFact('bench', [1, n + 1], `58${n}`, 'INUSE'))
  const bodies = { 'one CDR': pack(cdrs(1)), 'ten facts': pack(facts), 'fifty CDRs': pack(cdrs(50)) }
  const deadLetters = { put: async () => undefined }
  const verified = (body: string) => () => openBody(body, keys.bridgeKey)
  const read = (body: string) => () => openMessage(recordOf(body), keys, deadLetters, 'records')
  const figures: Figure[] = []
  const add = async (name: string, act: () => Promise<unknown>, bare: number) => {
    const value = median(await perCoreSecond(act))
    figures.push({ name, value: Math.round(value), unit: '/s' })
    figures.push({
      name,
      value: value / bare,
      unit: '',
      target: 'at least 0.7',
      ratioTo: 'parse, verify and unpack alone',
    })
  }
  for (const [of, body] of Object.entries(bodies)) {
    const bare = median(await perCoreSecond(bareSteps(body, publicKey)))
    figures.push({
      name: `bodies of ${of}, parse, verify and unpack alone, a core`,
      value: Math.round(bare),
      unit: '/s',
    })
    await add(`bodies of ${of} verified, a core`, verified(body), bare)
    const value = Math.round(median(await perCoreSecond(read(body))))
    figures.push({ name: `bodies of ${of} verified and read, a core`, value, unit: '/s' })
  }
  const forged = pack(cdrs(1), stranger)
  await add('forged bodies refused, a core', read(forged), median(await perCoreSecond(bareSteps(forged, publicKey))))
  return figures
}

/** `JSON.parse`, Ed25519 and, where the signature is good, Zstandard on the same body. */
function bareSteps(text: string, publicKey: KeyObject): () => Promise<unknown> {
  return async () => {
    const { site, key, lane, data, signature } = JSON.parse(text)
    const bytes = Buffer.from(data, 'base64')
    const signed = Buffer.concat([Buffer.from(`switchhook.packed.1\n${site}\n${key}\n${lane}\nzstd\n`), bytes])
    if (!verify(null, signed, publicKey, Buffer.from(signature, 'base64'))) return undefined
    return zstdDecompressSync(bytes).toString('utf8').split('\n')
  }
}

function recordOf(body: string): SQSRecord {
  const attributes = {
    SentTimestamp: '0',
    ApproximateReceiveCount: '1',
    SenderId: '',
    ApproximateFirstReceiveTimestamp: '',
  }
  const where = { eventSource: 'aws:sqs', eventSourceARN: '', awsRegion: '', receiptHandle: '', md5OfBody: '' }
  return { messageId: 'm', body, attributes, messageAttributes: {}, ...where }
}

/** Runs of `act` per second of CPU. The first run warms up. */
async function perCoreSecond(act: () => Promise<unknown>): Promise<number[]> {
  const runs: number[] = []
  for (let run = -1; run < verifyRuns; run++) {
    const used = process.cpuUsage()
    const until = performance.now() + verifyMs / verifyRuns
    let done = 0
    while (performance.now() < until) for (let n = 0; n < 20; n++, done++) await act()
    const { user, system } = process.cpuUsage(used)
    if (run >= 0) runs.push(done / ((user + system) / 1e6))
  }
  return runs
}
