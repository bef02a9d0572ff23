import { setTimeout as delay } from 'node:timers/promises'
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import * as v from 'valibot'
import { beforeAll, expect, test } from 'vitest'
import type { Cdr } from '../../contracts/cdr.ts'
import { packBody, unverifiedLines } from '../../contracts/packed-body.ts'
import { Receipt } from '../../contracts/site.ts'
import { keys } from '../../functions/stores/table-keys.ts'
import { makeCdr } from '../support/cdrs.ts'
import { type SharedDeployment, sharedDeployment, type TestSite } from '../support/deployment.ts'
import { callFact, cdrEvent, endpointFact, erasedEvent } from '../support/facts.ts'
import { subscriber } from '../support/subscriber.ts'
import { until } from '../support/until.ts'

/**
 * Goal: after an erasure the number is nowhere, however and wherever it was written, and other numbers are untouched.
 * Method: 12 spellings in each text field of a record, and in every other place that the functions store, dead-letter queues
 * and audit among them; then all tables, queues and files are searched for the digits.
 */
const name = 'erasure-office'
const number = '0612345678'
const significant = '612345678'
const spellings = [
  '0612345678',
  '06 12 34 56 78',
  '06.12.34.56.78',
  '06-12-34-56-78',
  '+33612345678',
  '+33 (0)6 12 34 56 78',
  '0033612345678',
  '33612345678',
  '612345678',
  '00612345678',
  '90612345678',
  '06\u00a012\u00a034\u00a056\u00a078',
] as const
/** How each field of a record holds a number. */
const places: Record<string, (spelling: string, n: number) => Partial<Cdr>> = {
  src: (text) => ({ src: text }),
  dst: (text) => ({ dst: text }),
  clid: (text) => ({ clid: `"Anna Muster" <${text}>` }),
  dcontext: (text) => ({ dcontext: `from-${text}` }),
  channel: (text, n) => ({ channel: `PJSIP/${text}-${String(n).padStart(8, '0')}` }),
  'trunk name': (text, n) => ({ dst: '0479000000', dstchannel: `SIP/${text}-${String(n).padStart(8, '0')}` }),
  'Local channel': (text, n) => ({ dstchannel: `Local/${text}@from-queue-${String(n).padStart(8, '0')};1` }),
  lastdata: (text) => ({ lastdata: `PJSIP/${text}@provider,30,tT` }),
  userfield: (text) => ({ userfield: `callback ${text}, before noon` }),
  accountcode: (text) => ({ accountcode: text }),
  peeraccount: (text) => ({ peeraccount: text }),
  did: (text) => ({ did: text }),
  cnum: (text) => ({ cnum: text, cnam: 'Anna Muster', clid: '"Anna Muster" <60>' }),
  recordingfile: (text) => ({ recordingfile: `in-${text}-60-20261123-190000-1795460000.7.wav` }),
  'field of this PBX': (text) => ({ x_crm: `https://crm.example/?q=${encodeURIComponent(text)}` }),
  ids: (text, n) => ({ uniqueid: `click-${text}-${n}`, linkedid: `click-${text}-${n}` }),
}
/** Numbers that end with the same digits, or look like it. They stay. */
const others = ['+49 30 612345678', '0612345679', '+4930612345678', '10612345678', 'rec-1612345678.12.wav']

let deployment: SharedDeployment
let office: TestSite
beforeAll(async () => {
  deployment = sharedDeployment()
  office = await deployment.makeSite(name)
})

const tables = ['RecordsTable', 'LiveTable', 'AccessTable', 'PeopleTable', 'AuditTable', 'WebhooksTable'] as const
const itemsOfSite = async () => {
  const all = (await Promise.all(tables.map((table) => deployment.items(table)))).flat()
  return all.filter((item) =>
    [item['pk'], item['sk']].some((key) => key === name || String(key).startsWith(`${name}#`)),
  )
}
const ask = (method: string, path: string, body?: object, headers: Record<string, string> = {}) =>
  deployment.call(method, `/v1/sites/${name}/${path}`, { key: office.site.apiKey, headers, ...(body && { body }) })
const run = async (task: string, minutes = 0) => {
  const time = new Date(Date.now() + minutes * 60_000).toISOString()
  expect((await deployment.cloud.invoke(task, { time })).functionError).toBeUndefined()
}

/** Every text and key in a value. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (value instanceof Set || Array.isArray(value)) return [...value].flatMap(textsIn)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, part]) => [key, ...textsIn(part)])
}
/** Finds the digits without the code that erases them: other numbers are cut out first, then all that is no digit. */
function holdsNumber(text: string): boolean {
  const rest = [...others, '1612345678.12'].reduce(
    (left, other) => left.replaceAll(other, '|'),
    decodeURIComponent(text.replace(/%(?![0-9A-F]{2})/g, '')),
  )
  return rest.replace(/[^\d|@<>;,:"_a-z]/gi, '').includes(significant)
}

test('erases 12 spellings of a number from every place and leaves other numbers as they are', async () => {
  await deployment.call('PATCH', `/v1/sites/${name}`, {
    key: office.site.apiKey,
    body: {
      settings: { ownNumbers: ['+33612345678', '+33479000000'], trunks: ['SIP/0612345678', 'PJSIP/provider'] },
    },
  })
  const planted = Object.values(places).flatMap((place, p) =>
    spellings.map((spelling, s) => {
      const n = 100 + 12 * p + s
      return makeCdr(n, place(spelling, n))
    }),
  )
  const kept = others.map((other, n) => makeCdr(20 + n, { userfield: other, dst: '61', accountcode: `kept-${n}` }))
  const plain = makeCdr(50, { uniqueid: '1612345678.12', linkedid: '1612345678.12' })
  const records = [...planted, ...kept, plain]
  const events = records.map((cdr) => {
    const event = cdrEvent(name, cdr)
    return { ...event, data: { ...event.data, raw: JSON.stringify(cdr) } }
  })
  await deployment.send(office, 'records', events)
  // A live call, an ended call without a record, a forward, a phone and a trunk that are named after the number.
  const caller = { number: '+33 6 12 34 56 78', name: 'Anna Muster' }
  const callees = [{ number: '06.12.34.56.78', name: 'Anna Muster' }]
  const facts = ['live-1.1', 'gone-1.2'].map((id, n) => {
    const fact = callFact(name, [1, n + 1], id, n === 0 ? 'ringing' : 'ended')
    return { ...fact, data: { ...fact.data, caller, callees } }
  })
  const phone = endpointFact(name, [1, 3], '5860', 'NOT_INUSE')
  const forward = { target: '00612345678', since: phone.time }
  await deployment.send(office, 'live', [
    ...facts,
    { ...phone, data: { ...phone.data, forward, name: 'Anna 0612345678' } },
    endpointFact(name, [1, 4], '0612345678', 'NOT_INUSE'),
  ])
  const row = {
    stage: 'ended',
    result: 'refused',
    endpoint: 'PJSIP/5860',
    ringSeconds: 20,
    keyId: 'k',
    issuedAt: 1,
    deadline: 2,
  }
  const placed = {
    ...row,
    to: '+33612345678',
    dial: '00612345678',
    callerId: number,
    metadata: { [number]: '06 12 34 56 78' },
  }
  await deployment.put('LiveTable', { ...keys.placedCall(name, 'sh-1795460000.0000000001'), ...placed })
  const page = await subscriber(deployment, office, ['endpoints'])
  page.socket.send(JSON.stringify({ action: 'subscribe', topics: ['calls'], extensions: ['60', '0612345678'] }))
  await until('all records and facts', async () => {
    const items = JSON.stringify(await itemsOfSite())
    return (
      records.every(({ uniqueid }) => items.includes(uniqueid)) &&
      ['live-1.1', 'gone-1.2', 'extensions'].every((id) => items.includes(id))
    )
  })
  await until('totals by trunk', async () => {
    await deployment.cloud.invoke('watch', { Records: [{ body: '{"part":0}' }] })
    return JSON.stringify((await itemsOfSite()).filter(({ pk }) => String(pk).startsWith(`${name}#X#`))).includes(
      'trunk:SIP/0612345678',
    )
  })
  // A key and an audit entry that name the number, and dead letters: with lines of others, without a signature, and one that nobody may change.
  await ask('POST', 'keys', { name: 'Anna 06 12 34 56 78', role: 'viewer' })
  const act = { who: 'admin', what: 'GET /v1', on: `calls/click-${number}`, from: '192.0.2.1', outcome: 'done' }
  const entry = { at: '2026-11-24T08:00:00.000Z', id: 'planted', ...act }
  await deployment.put('AuditTable', { pk: keys.audit(name, '2026-11'), sk: `${entry.at}#planted`, entry })
  const bad = (text: string) => `{"type":"switchhook.cdr.v1","data":{"note":"${text}"}}`
  const other = JSON.stringify(cdrEvent(name, makeCdr(60)))
  await deployment.send(office, 'records', [bad(number), other, bad('Berlin')])
  const unsigned = { site: name, key: 'unknown', lane: 'live' } as const
  await deployment.sendBody(
    'live',
    packBody(unsigned, [Buffer.from(bad('06 12 34 56 78'))], () => Buffer.alloc(64)),
  )
  const untouched = await deployment.send(office, 'records', [bad('+49 30 612345678')])
  // A webhook, what it has sent and will send, and a dead letter of its queue.
  const hook = { key: 'k', types: ['*'], secret: 's', enabled: true, createdAt: 1, tag: 't', request: 'r' }
  const address = { url: 'https://crm.example/hook', headers: { 'x-number-0612345678': '1', 'x-kept': '2' } }
  const sent = { type: 'call.ended', time: phone.time, data: { caller, callees } }
  const delivery = {
    webhook: 'w',
    event: 'e',
    type: sent.type,
    time: phone.time,
    state: 'sent',
    n: 1,
    round: 0,
    tries: [],
  }
  await deployment.put('WebhooksTable', { ...keys.webhook(name, 'w'), id: 'w', ...hook, ...address })
  await deployment.put('WebhooksTable', { ...keys.webhookEvent(name, 'e'), id: 'e', ...sent })
  await deployment.put('WebhooksTable', {
    ...keys.delivery(name, 'w', '1-e'),
    ...delivery,
    answer: `unknown: ${number}`,
  })
  await deployment.put('WebhooksTable', { ...keys.webhookSeen(name, 'PJSIP/5860'), seen: { forward }, v: '1.1' })
  const eventLetter = (src: string, clid = '"Phone 5860" <60>') => ({
    site: name,
    calls: ['c'],
    cdrs: [makeCdr(70, { src, clid })],
  })
  await sendDeadEvents([eventLetter(number), eventLetter('0479111111')])
  await until('dead letters', async () => (await lettersOfSite()).length >= 4)
  const exported = await ask('POST', `cdrs/exports?format=csv&party=${number}`)
  expect(exported.status).toBe(202)
  await run('writeExports')
  expect((await itemsOfSite()).flatMap(textsIn).filter(holdsNumber).length).toBeGreaterThan(500)
  const keptRows = async () =>
    (await itemsOfSite()).filter(
      (item) => /"kept-\d"|1612345678\.12/.test(JSON.stringify(item)) && !String(item['pk']).includes('#JOB'),
    )
  const before = await keptRows()
  expect(before.length).toBe(3 * (others.length + 1) + 1)

  const asked = await ask('POST', 'erasures', { number })
  expect(asked.status).toBe(202)
  const { id } = v.parse(Receipt, await asked.json())
  const receipt = async () => v.parse(Receipt, await (await ask('GET', `receipts/${id}`)).json())
  for (let minutes = 0; (await receipt()).state === 'running'; minutes += 2) {
    expect(minutes).toBeLessThan(20)
    await run('removeData', minutes)
  }
  expect((await receipt()).state).toBe('waiting-for-bridge')
  await deployment.send(office, 'records', [erasedEvent(name, id)])
  await until('the confirmation', async () => (await receipt()).state !== 'waiting-for-bridge')
  for (let minutes = 20; (await receipt()).state === 'running'; minutes += 2) {
    expect(minutes).toBeLessThan(60)
    await run('removeData', minutes)
  }
  const done = await receipt()
  expect(Object.keys(done).sort()).toEqual(['askedAt', 'doneAt', 'id', 'removed', 'site', 'state', 'what'])
  // Its counts are tested in test/pure/functions-personal.test.ts: here the schedule may run a pass at the same moment.
  expect((await itemsOfSite()).flatMap(textsIn).filter(holdsNumber)).toEqual([])
  expect(textsIn(await itemsOfSite()).filter((text) => text.includes('Anna'))).toEqual([])
  expect(await keptRows()).toEqual(before)
  const letters = await lettersOfSite()
  expect(letters.flatMap(({ lines }) => lines).filter(holdsNumber)).toEqual([])
  expect(letters.filter(({ body }) => body === untouched)).toHaveLength(1)
  expect(letters.filter(({ lines }) => lines.join() === [other, bad('Berlin')].join())).toMatchObject([{ line: '1' }])
  const { body: audited } = await deployment.api(office.site.apiKey)('GET /v1/sites/{site}/audit', {
    path: { site: name },
    query: { from: '2026-11-24T00:00:00Z', to: '2026-11-25T00:00:00Z' },
  })
  expect(audited.entries.find((one) => one.id === 'planted')).toEqual({ ...entry, on: 'calls/click-(erased)' })
  const eventLetters = await deadEvents()
  expect(eventLetters).toHaveLength(2)
  expect(eventLetters).toEqual(expect.arrayContaining([eventLetter('(erased)', '(erased)'), eventLetter('0479111111')]))
  const hooks = await deployment.api(office.site.apiKey)('GET /v1/sites/{site}/webhooks', { path: { site: name } })
  expect(hooks.body.webhooks).toMatchObject([{ id: 'w', enabled: true, headers: ['x-kept'] }])
  const files = await filesOfSite()
  expect(files).toEqual([])
  await page[Symbol.asyncDispose]()
})

/** A call hides the letters that it returned for a second. */
const hiddenMs = 1_000

/** The dead letters of the site. They stay in their queues. */
async function lettersOfSite() {
  // Letters that different earlier calls hid would never be visible together.
  await delay(hiddenMs)
  const found: { body: string; line: string | undefined; lines: string[] }[] = []
  for (const lane of ['live', 'records'] as const) {
    // Three calls in a row without a new letter have seen all.
    for (let known = 0; known < 3; known += 1) {
      for (const { body, line } of await deployment.deadLetters(lane)) {
        const lines = unverifiedLines(body)
        if (!lines || JSON.parse(body).site !== name || found.some((one) => one.body === body && one.line === line))
          continue
        known = 0
        found.push({ body, line, lines })
      }
    }
  }
  return found
}

async function withDeadEvents<T>(act: (sqs: SQSClient, QueueUrl: string) => Promise<T>): Promise<T> {
  const { cloud } = deployment
  const options = { region: cloud.region, endpoint: cloud.endpoints.sqs, credentials: cloud.credentials('operator') }
  const sqs = new SQSClient(options)
  try {
    return await act(sqs, cloud.ref('DeadEventsQueue'))
  } finally {
    sqs.destroy()
  }
}

function sendDeadEvents(messages: readonly object[]): Promise<void> {
  return withDeadEvents(async (sqs, QueueUrl) => {
    for (const message of messages) {
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(message) }))
    }
  })
}

/** The dead letters of the site's webhook events, in any order. */
function deadEvents(): Promise<unknown[]> {
  return withDeadEvents(async (sqs, QueueUrl) => {
    const found = new Set<string>()
    await until('the dead letters of webhook events', async () => {
      const command = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 1 })
      for (const { Body = '' } of (await sqs.send(command)).Messages ?? []) {
        if (JSON.parse(Body).site === name) found.add(Body)
      }
      return found.size >= 2
    })
    return [...found].map((body) => JSON.parse(body))
  })
}

async function filesOfSite(): Promise<string[]> {
  const { cloud } = deployment
  const options = { region: cloud.region, endpoint: cloud.endpoints.s3, forcePathStyle: true }
  const s3 = new S3Client({ ...options, credentials: cloud.credentials('operator') })
  const { Contents = [] } = await s3.send(
    new ListObjectsV2Command({ Bucket: cloud.ref('ExportsBucket'), Prefix: `sites/${name}/` }),
  )
  s3.destroy()
  return Contents.map(({ Key = '' }) => Key)
}
