import { createPublicKey } from 'node:crypto'
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openCommand, type SetCommand } from '../../contracts/commands.ts'
import type { EndpointState } from '../../contracts/facts.ts'
import { type SharedDeployment, sharedDeployment, type TestSite } from '../support/deployment.ts'
import { endpointFact } from '../support/facts.ts'
import { until } from '../support/until.ts'

/**
 * Goal: a permitted setting of an extension reaches its bridge as one command, and a forbidden one does not.
 * Method: the packaged functions; the test plays the bridge and its PBX.
 */
let deployment: SharedDeployment
let office: TestSite
let sqs: SQSClient
beforeAll(async () => {
  deployment = sharedDeployment()
  office = await deployment.makeSite('extensions-office')
  const { cloud } = deployment
  const credentials = cloud.credentials('operator')
  sqs = new SQSClient({ region: cloud.region, endpoint: cloud.endpoints.sqs, credentials })
})
afterAll(async () => {
  sqs?.destroy()
})

const site = '/v1/sites/extensions-office'
const since = '2026-11-24T08:00:00.000Z'
let seq = 0
async function tell(number: string, more: Partial<EndpointState> = {}): Promise<void> {
  const fact = endpointFact('extensions-office', [1, ++seq], `58${number}`, 'NOT_INUSE')
  const data = { ...fact.data, number, name: `Phone ${number}`, forwardable: true, ...more }
  await deployment.send(office, 'live', [{ ...fact, data }])
}
const ask = (method: string, path: string, body?: object, headers = {}) =>
  deployment.call(method, `${site}${path}`, { key: office.site.apiKey, headers, ...(body && { body }) })
async function answered(method: string, path: string, body?: object) {
  let response = await ask(method, path, body)
  // On a slow machine the bridge becomes silent between two tests, so it sends a heartbeat again.
  while (response.status === 503 && seq > 0) {
    await tell('63')
    response = await ask(method, path, body)
  }
  return { status: response.status, ...((await response.json()) as object) } as Record<string, unknown>
}

/** Receives all commands that are in the queue. */
async function orders(): Promise<SetCommand[]> {
  const { commands: QueueUrl } = office.bridge.queues
  const key = createPublicKey(office.bridge.deploymentPublicKey)
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 }),
  )
  for (const { ReceiptHandle } of Messages) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))
  return Messages.map(({ Body = '' }) => openCommand(Body, 'extensions-office', key)).filter(
    ({ command }) => command === 'set',
  ) as SetCommand[]
}

test('refuses to set do-not-disturb with 503 while the bridge is offline', async () => {
  expect(await answered('PUT', '/extensions/60/dnd')).toMatchObject({ status: 503, errorId: 'bridge-offline' })
})

test('sends a setting of an extension to the bridge, and answers 200 if the PBX confirms it in time, else 202', async () => {
  await tell('60')
  await tell('61', { mailbox: { new: 2, old: 1, since } })
  await until('the phones to be known', async () => (await ask('GET', '/extensions/61/forward')).status === 200)
  const waiting = answered('PUT', '/extensions/60/forward', { target: '04 79 00 00 60', when: 'busy' })
  const [order] = await until('the order', async () => {
    const found = await orders()
    return found.length > 0 && found
  })
  expect(order).toMatchObject({ extension: '60', setting: 'busy', target: '00479000060' })
  await tell('60', { forwardBusy: { target: '00479000060', since } })
  expect(await waiting).toEqual({ status: 200, extension: '60', busy: { target: '00479000060', since } })
  expect(await answered('PUT', '/extensions/60/dnd')).toEqual({ status: 202, extension: '60', dnd: false })
  expect((await orders())[0]).toMatchObject({ setting: 'dnd', target: '1' })
})

test.each([
  ['a number of another country', '60', { target: '+1 242 365 1234' }, 403, 'dial-international', 'target'],
  ['a premium number', '60', { target: '0899123456' }, 403, 'dial-premium', 'target'],
  ['the phone itself', '60', { target: '60' }, 400, 'input-invalid', 'target'],
  ['an unknown extension', '60', { target: '77' }, 404, 'extension-unknown', 'target'],
  ['an extension from an unknown one', '77', { target: '60' }, 404, 'extension-unknown', 'extension'],
  ['a SIP address', '60', { target: 'sip:61@evil.example' }, 400, 'input-invalid', 'target'],
  ['a fork', '60', { target: '61&PJSIP/5861' }, 400, 'input-invalid', 'target'],
  ['a Local channel', '60', { target: 'Local/61@internes' }, 400, 'input-invalid', 'target'],
  ['a comma', '60', { target: '61,1' }, 400, 'input-invalid', 'target'],
  ['a target with CR and LF', '60', { target: '61\r\nX: y' }, 400, 'input-invalid', 'target'],
  ['an empty target', '60', { target: '' }, 400, 'input-invalid', 'target'],
  ['a target with an unknown kind', '60', { target: '61', when: 'never' }, 400, 'input-invalid', 'when'],
])(
  'refuses a forward to %s, names the wrong field and sends no command',
  async (_, extension, body, status, errorId, field) => {
    const told = await answered('PUT', `/extensions/${extension}/forward`, body)
    expect(told).toMatchObject({ status, errorId })
    expect((told['errors'] as { field: string }[]).map((error) => error.field)).toContain(field)
    expect(await orders()).toEqual([])
  },
)

test('refuses a forwarding loop and names its extensions; says what to install on a PBX that cannot forward', async () => {
  await tell('61', { forward: { target: '60', since } })
  await until('the forward to be known', async () => {
    return (await answered('GET', '/extensions/61/forward'))['always'] !== undefined
  })
  const refused = await answered('PUT', '/extensions/60/forward', { target: '61' })
  expect(refused).toMatchObject({ status: 409, errorId: 'forward-loop' })
  expect(refused['detail']).toContain('60 → 61 → 60')
  await tell('62', { forwardable: false })
  await until('the third phone', async () => (await ask('GET', '/extensions/62/dnd')).status === 200)
  const missing = await answered('PUT', '/extensions/62/forward', { target: '60' })
  expect(missing).toMatchObject({ status: 409, errorId: 'forwarding-missing' })
  expect(missing['detail']).toContain('infra/asterisk/snippets/forwarding.conf')
})

test('lists and clears all forwards at once, and lists mailboxes and endpoints', async () => {
  expect(await answered('GET', '/forwards')).toMatchObject({
    extensions: [
      { extension: '60', busy: { target: '00479000060' } },
      { extension: '61', always: { target: '60' } },
    ],
  })
  expect(await answered('GET', '/mailboxes')).toMatchObject({ mailboxes: [] })
  await tell('61', { mailbox: { new: 2, old: 1, since } })
  await until('the count', async () => ((await answered('GET', '/mailboxes'))['mailboxes'] as unknown[]).length === 1)
  expect(await answered('DELETE', '/forwards')).toMatchObject({ status: 202 })
  expect((await orders()).map(({ extension, target }) => extension + target)).toEqual(Array(5).fill('60'))
  for (const id of ['5861', '61']) {
    expect(await answered('GET', `/endpoints/${id}`)).toMatchObject({
      ...{ endpoint: 'PJSIP/5861', technology: 'PJSIP', reachability: 'online', name: 'Phone 61', callsNow: 0 },
      mailbox: { new: 2, old: 1 },
    })
  }
  expect(await answered('GET', '/endpoints/5899')).toMatchObject({ status: 404, errorId: 'endpoint-unknown' })
  const one = await ask('GET', '/endpoints?extension=61&reachability=online&technology=PJSIP')
  expect(((await one.json()) as { endpoints: unknown[] }).endpoints).toHaveLength(1)
  const again = await ask('GET', '/endpoints?extension=61', undefined, { 'if-none-match': '*' })
  expect(again.status).toBe(304)
  expect(
    ((await (await ask('GET', '/endpoints?reachability=offline')).json()) as { endpoints: unknown[] }).endpoints,
  ).toEqual([])
})
