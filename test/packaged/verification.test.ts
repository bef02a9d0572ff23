import { createPublicKey, sign } from 'node:crypto'
import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import * as v from 'valibot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fileOrigin } from '../../bridge/asterisk/cdr-origin.ts'
import { DayVerifier } from '../../bridge/commands/day-verifier.ts'
import { Packer } from '../../bridge/forward/pack.ts'
import { Counters } from '../../bridge/operate/counters.ts'
import { RefusedRecords, recordHash } from '../../bridge/spool/refused-records.ts'
import { openCommand, type VerifyDayCommand } from '../../contracts/commands.ts'
import { Verification } from '../../contracts/routes/verifications.ts'
import { makeCdr } from '../support/cdrs.ts'
import { type Deployment, deploy, type TestSite } from '../support/deployment.ts'
import { cdrEvent } from '../support/facts.ts'
import { until } from '../support/until.ts'

/**
 * Goal: missing and extra CDRs of a day are listed by key, and a repair sends the missing ones again.
 * Method: the packaged functions, and the bridge's own reader of CDR files; the test passes the bridge's messages on.
 */
let deployment: Deployment
let office: TestSite
let sqs: SQSClient
let folder: string
let file: string
let days: DayVerifier
let refused: RefusedRecords
const calls = 240
const cdrs = Array.from({ length: calls }, (_, n) => makeCdr(6 * n))
const day = '2026-11-24'
/** The day of the sample CDRs in Paris, an hour ahead of UTC. */
const isOfDay = ({ start }: { start: string }) => start >= '2026-11-23T23' && start < '2026-11-24T23'
const lines = (some: typeof cdrs) => some.map((cdr) => `${JSON.stringify(cdr)}\n`).join('')
const keyOf = (n: number) => `${cdrs[n]?.uniqueid}/${cdrs[n]?.sequence}`

beforeAll(async () => {
  deployment = await deploy()
  office = await deployment.makeSite('office')
  const { region, endpoints } = deployment.cloud
  sqs = new SQSClient({ region, endpoint: endpoints.sqs, credentials: deployment.cloud.credentials('operator') })
  folder = await mkdtemp(path.join(tmpdir(), 'verify-'))
  file = path.join(folder, 'cdr.jsonl')
  await writeFile(`${file}.1`, lines(cdrs.slice(0, 90)))
  await writeFile(file, lines(cdrs.slice(90)))
  refused = new RefusedRecords(path.join(folder, 'quarantine'))
  await refused.open()
  const silent = () => undefined
  days = new DayVerifier({
    site: 'office',
    cdr: {},
    origin: fileOrigin(file),
    refused,
    to: { lane: 'records', queueUrl: '' },
    packer: new Packer({
      site: 'office',
      key: office.bridge.key,
      sign: (bytes) => sign(null, bytes, office.privateKey),
    }),
    delivery: {
      deliver: async (_to, bodies) => {
        for (const body of bodies) await deployment.sendBody('records', body)
        return true
      },
    },
    counters: new Counters(),
    log: { debug: silent, info: silent, warn: silent, error: silent },
  })
  const sent = cdrs.filter((_, n) => n !== 100 && n !== 130)
  const events = sent.map((cdr) => cdrEvent('office', cdr))
  for (let from = 0; from < events.length; from += 60) {
    await deployment.send(office, 'records', events.slice(from, from + 60))
  }
  await until('the rows', async () => (await stored()).length === sent.length)
})
afterAll(async () => {
  sqs.destroy()
  await rm(folder, { recursive: true })
  await deployment[Symbol.asyncDispose]()
})

const stored = async () =>
  (await deployment.items('RecordsTable')).filter(({ pk }) => String(pk).startsWith('office#T#'))
const ask = (body: object) =>
  deployment.call('POST', '/v1/sites/office/cdrs/verifications', { key: office.site.apiKey, body })
const find = async (of = day) =>
  deployment.call('GET', `/v1/sites/office/cdrs/verifications/${of}`, { key: office.site.apiKey })

/** Passes the next command to the bridge. */
async function hand(): Promise<VerifyDayCommand> {
  const { commands: QueueUrl } = office.bridge.queues
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 2 }))
  const [message] = Messages
  const command = openCommand(message?.Body ?? '', 'office', createPublicKey(office.bridge.deploymentPublicKey))
  if (command.command !== 'verify-day') throw new Error(`a command to ${command.command}`)
  await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message?.ReceiptHandle }))
  days.offer(command, new AbortController().signal)
  await days.idle()
  return command
}

async function verify(body: object): Promise<Verification> {
  const asked = v.parse(Verification, await (await ask({ day, ...body })).json())
  await hand()
  return until('the day to be compared', async () => {
    const found = v.parse(Verification, await (await find()).json())
    return found.run === asked.run && found.state === 'done' && found
  })
}

const ofDay = cdrs.filter(isOfDay).length

test('lists the CDRs of a day that the cloud lacks by key; after a repair both sides have the same CDRs', async () => {
  expect((await find()).status).toBe(404)
  expect(await verify({})).toMatchObject({
    isEqual: false,
    pbx: { count: ofDay },
    cloud: { count: ofDay - 2 },
    missing: { count: 2, keys: [keyOf(100), keyOf(130)].sort() },
    extra: { count: 0 },
  })
  const lines: string[] = []
  const stop = deployment.cloud.onFunctionLine(({ line }) => void lines.push(line))
  await verify({ repair: true })
  await until('the two rows', async () => (await stored()).length === calls)
  const equal = await verify({})
  expect(equal).toMatchObject({ isEqual: true, pbx: { count: ofDay }, missing: { count: 0 }, extra: { count: 0 } })
  expect(equal.pbx).toEqual(equal.cloud)
  const list = (query: string) =>
    deployment.call('GET', `/v1/sites/office/cdrs/verifications?${query}`, { key: office.site.apiKey })
  expect(await (await list(`from=2026-01-01&to=2026-01-31`)).json()).toEqual({ verifications: [] })
  expect(await (await list(`from=${day}&to=${day}`)).json()).toEqual({ verifications: [equal] })
  // Log lines come through a pipe, perhaps after the function's answer.
  const metric = await until('the metric', async () =>
    lines.find((line) => line.includes('CloudWatchMetrics') && line.includes('"CdrsMissing":0')),
  )
  stop()
  expect(metric).toContain('"site":"office"')
})

test('lists CDRs that the PBX did not write as extra, also reads rotated files, and ignores CDRs of other days', async () => {
  const stranger = makeCdr(800, { uniqueid: 'elsewhere-1795460594.1', sequence: 9 })
  await deployment.send(office, 'records', [cdrEvent('office', stranger)])
  await until('the stranger', async () => (await stored()).length === calls + 1)
  await rename(file, `${file}.0`)
  await writeFile(file, '')
  await appendFile(file, lines(cdrs.slice(235)))
  const found = await verify({})
  expect(found).toMatchObject({ isEqual: false, missing: { count: 0 }, extra: { count: 1 } })
  expect(found.extra?.keys).toEqual(['elsewhere-1795460594.1/9'])
})

test('counts records that cannot be read, in the file and in quarantine, as missing until they are sent', async () => {
  const broken = `"60","61","2026-11-24 10:00:00",9`
  const kept = '"","60","61",a record of another layout,"2026-11-24 11:00:00"'
  await appendFile(file, `${broken}\n`)
  await refused.put([
    { reason: 'refused before', bytes: Buffer.from(kept) },
    { reason: 'of another day', bytes: Buffer.from('"60","2026-11-20 10:00:00"') },
  ])
  const keys = [broken, kept].map((text) => `unreadable/${recordHash(Buffer.from(text))}`).sort()
  expect(await verify({})).toMatchObject({ isEqual: false, missing: { count: 2, keys }, extra: { count: 1 } })
  // What an upgrade can read is sent by a repair.
  const [name = ''] = await refused.names()
  await refused.replace(name, [{ reason: 'refused before', bytes: Buffer.from(JSON.stringify(cdrs[150])) }])
  await writeFile(file, lines(cdrs.slice(235)))
  expect(await verify({ repair: true })).toMatchObject({ missing: { count: 0 } })
})

test('verifies each site once a day, at 4 o’clock in its zone', async () => {
  for (const hour of ['01', '02', '03', '04']) {
    const { functionError } = await deployment.cloud.invoke('verifyDays', { time: `2026-11-25T${hour}:00:00Z` })
    expect(functionError).toBeUndefined()
  }
  // 4 o'clock in Paris is 3 o'clock in UTC.
  expect(await hand()).toMatchObject({ day, from: '2026-11-23T23:00:00.000Z', to: '2026-11-24T23:00:00.000Z' })
  await expect(hand()).rejects.toThrow()
})

test('refuses a day that does not exist, and answers 404 for a day that was not verified', async () => {
  const refused = await ask({ day: '2026-02-30' })
  expect([refused.status, await refused.json()]).toMatchObject([400, { errors: [{ field: 'day' }] }])
  expect((await find('2026-11-22')).status).toBe(404)
})
