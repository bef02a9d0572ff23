import { generateKeyPairSync } from 'node:crypto'
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { redrive } from '../../cli/commands/redrive.ts'
import type { Cdr } from '../../contracts/cdr.ts'
import { makeCdr } from '../support/cdrs.ts'
import { type Deployment, deploy, type TestSite } from '../support/deployment.ts'
import { cdrEvent } from '../support/facts.ts'
import { until } from '../support/until.ts'

let deployment: Deployment
let office: TestSite
beforeAll(async () => {
  deployment = await deploy()
  office = await deployment.makeSite('office')
})
afterAll(async () => deployment[Symbol.asyncDispose]())

async function cdrs({ site }: TestSite, query = 'from=2026-11-01T00:00:00Z&limit=500'): Promise<Cdr[]> {
  const response = await deployment.call('GET', `/v1/sites/${site.site}/cdrs?${query}`, { key: site.apiKey })
  expect(response.status).toBe(200)
  return ((await response.json()) as { cdrs: Cdr[] }).cdrs
}

test('lists each CDR once, newest first, although CDRs are delivered out of order and some twice', async () => {
  const sent = Array.from({ length: 40 }, (_, n) => makeCdr(n))
  const events = sent.map((cdr) => cdrEvent('office', cdr))
  await deployment.send(office, 'records', events.slice(20))
  await deployment.send(office, 'records', [...events.slice(0, 30), ...events.slice(10, 15)])
  const found = await until('40 CDRs', async () => {
    const rows = await cdrs(office)
    return rows.length >= 40 && rows
  })
  expect(found).toEqual(sent.reverse())
})

test('sends an invalid line of a body to the dead-letter queue with its line number, and stores the other lines', async () => {
  const site = await deployment.makeSite('neighbours')
  const good = [makeCdr(1), makeCdr(2)].map((cdr) => cdrEvent('neighbours', cdr))
  const future = { ...good[0], type: 'switchhook.cdr.v9' }
  const body = await deployment.send(site, 'records', [good[0], '{"type":', { ...good[1], data: {} }, future, good[1]])
  await until('both neighbours', async () => (await cdrs(site)).length === 2)
  const seen = new Map<string | undefined, string | undefined>()
  await until('three dead letters', async () => {
    for (const letter of await deployment.deadLetters('records')) {
      if (letter.body === body) seen.set(letter.line, letter.errorId)
    }
    return seen.size === 3
  })
  expect(Object.fromEntries(seen)).toEqual({ 1: 'line-not-json', 2: 'event-malformed', 3: 'event-type-unknown' })
})

test('refuses a body with an invalid signature, logs that and sends the body to the dead-letter queue', async () => {
  const site = await deployment.makeSite('forged')
  const stranger = { ...site, privateKey: generateKeyPairSync('ed25519').privateKey }
  const lines: string[] = []
  const listening = deployment.cloud.onFunctionLine(({ line }) => lines.push(line))
  const forged = await deployment.send(stranger, 'records', [cdrEvent('forged', makeCdr(7))])
  const letter = await until('the dead letter', async () =>
    (await deployment.deadLetters('records')).find(({ body }) => body === forged),
  )
  expect(letter.errorId).toBe('body-signature-invalid')
  await until('its line in the log', async () => lines.some((line) => line.includes('body-signature-invalid')))
  listening()
  expect(await cdrs(site)).toEqual([])
})

test('sends a body that arrives in the wrong queue to the dead-letter queue, so that mixed-up queues lose nothing', async () => {
  const site = await deployment.makeSite('mixed-up')
  const body = await deployment.send(site, 'records', [cdrEvent('mixed-up', makeCdr(9))])
  await deployment.sendBody('live', body)
  const letter = await until('the dead letter', async () =>
    (await deployment.deadLetters('live')).find((one) => one.body === body),
  )
  expect(letter.errorId).toBe('body-lane-wrong')
})

test('refuses a body that a bridge signed for another site', async () => {
  const [mine, theirs] = [await deployment.makeSite('mine'), await deployment.makeSite('theirs')]
  const borrowed: TestSite = { ...mine, site: { ...mine.site, site: 'theirs' } }
  const forged = await deployment.send(borrowed, 'records', [cdrEvent('theirs', makeCdr(8))])
  const letter = await until('the dead letter', async () =>
    (await deployment.deadLetters('records')).find(({ body }) => body === forged),
  )
  expect(letter.errorId).toBe('body-key-unknown')
  expect(await cdrs(theirs)).toEqual([])
})

test('stores all CDRs, with a delay, if DynamoDB throttles some writes', async () => {
  const site = await deployment.makeSite('throttled')
  const heal = deployment.cloud.faults.add({ service: 'dynamodb', action: 'PutItem', every: 5, kind: 'throttle' })
  const sent = Array.from({ length: 30 }, (_, n) => makeCdr(n))
  await deployment.send(
    site,
    'records',
    sent.map((cdr) => cdrEvent('throttled', cdr)),
  )
  await until('30 CDRs', async () => (await cdrs(site)).length === 30)
  heal()
  expect(await cdrs(site)).toEqual(sent.reverse())
})

test('a redriven dead letter changes nothing if its CDR is stored already', async () => {
  const site = await deployment.makeSite('redriven')
  const body = await deployment.send(site, 'records', [cdrEvent('redriven', makeCdr(1))])
  await until('the CDR', async () => (await cdrs(site)).length === 1)
  const { cloud } = deployment
  const client = { region: cloud.region, endpoint: cloud.endpoints.sqs, credentials: cloud.credentials('operator') }
  await using sqs = { client: new SQSClient(client), [Symbol.asyncDispose]: async () => sqs.client.destroy() }
  const dead = cloud.ref('DeadRecordsQueue')
  await sqs.client.send(new SendMessageCommand({ QueueUrl: dead, MessageBody: body }))
  expect(await redrive(sqs.client, dead, cloud.ref('RecordsQueue'), 1)).toBe(1)
  expect(await cdrs(site)).toEqual([makeCdr(1)])
})

test('an imported CDR is in the call log once, whether it was imported or delivered before', async () => {
  const site = await deployment.makeSite('imported')
  const [delivered, old] = [makeCdr(1), makeCdr(2)]
  await deployment.send(site, 'records', [cdrEvent('imported', delivered)])
  await until('the CDR', async () => (await cdrs(site)).length === 1)
  const rows = [delivered, old].map((cdr) => ({ cdr, keyed: true }))
  for (const counts of [
    { stored: 1, matched: 1 },
    { stored: 0, matched: 2 },
  ]) {
    const options = { key: site.site.apiKey, body: { rows } }
    const answer = await deployment.call('POST', '/v1/sites/imported/cdrs/import', options)
    expect(await answer.json()).toMatchObject(counts)
  }
  expect(await cdrs(site)).toEqual([old, delivered])
})

test('the rows of a CDR expire 365 days after the start of the call, which is the default retention', async () => {
  const site = await deployment.makeSite('kept')
  await deployment.send(site, 'records', [cdrEvent('kept', makeCdr(1))])
  await until('the CDR', async () => (await cdrs(site)).length === 1)
  const rows = (await deployment.items('RecordsTable')).filter(({ pk }) => String(pk).startsWith('kept#'))
  const start = Date.parse(makeCdr(1).start) / 1000
  expect(rows.map(({ ttl }) => ttl)).toEqual(rows.map(() => start + 365 * 86_400))
})
