import { createPublicKey } from 'node:crypto'
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import * as v from 'valibot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Call } from '../../contracts/calls.ts'
import { type Command, openCommand } from '../../contracts/commands.ts'
import { Problem } from '../../contracts/http.ts'
import { Placed } from '../../contracts/placed.ts'
import { makeCdr } from '../support/cdrs.ts'
import { type SharedDeployment, sharedDeployment, type TestSite } from '../support/deployment.ts'
import { callFact, cdrEvent, endpointFact } from '../support/facts.ts'
import { subscriber } from '../support/subscriber.ts'
import { until } from '../support/until.ts'

let deployment: SharedDeployment
let office: TestSite
let sqs: SQSClient
beforeAll(async () => {
  deployment = sharedDeployment()
  office = await deployment.makeSite('placed-office')
  const { cloud } = deployment
  sqs = new SQSClient({
    region: cloud.region,
    endpoint: cloud.endpoints.sqs,
    credentials: cloud.credentials('operator'),
  })
})
afterAll(async () => {
  sqs?.destroy()
})

/** Ids of all accepted calls. */
const accepted = new Set<string>()
let seq = 0
async function hear(reachability: 'online' | 'offline' = 'online'): Promise<void> {
  const fact = endpointFact('placed-office', [1, ++seq], '5860', 'NOT_INUSE')
  await deployment.send(office, 'live', [{ ...fact, data: { ...fact.data, reachability } }])
}

async function post(body: object | string, idempotencyKey?: string): Promise<Response> {
  const headers: Record<string, string> = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }
  const response = await deployment.call('POST', '/v1/sites/placed-office/calls', {
    key: office.site.apiKey,
    body,
    headers,
  })
  if (response.status === 202) accepted.add(v.parse(Call, await response.clone().json()).call)
  return response
}
async function placed(body: object, idempotencyKey: string): Promise<Call> {
  const response = await post(body, idempotencyKey)
  const text = await response.text()
  expect(response.status, text).toBe(202)
  return v.parse(Call, JSON.parse(text))
}
async function problem(response: Response) {
  return v.parse(Problem, await response.json())
}
const read = async (id: string, query = '') => {
  const response = await deployment.call('GET', `/v1/sites/placed-office/calls/${id}${query}`, {
    key: office.site.apiKey,
  })
  return v.parse(Call, await response.json())
}

/** Receives and verifies the commands in the bridge's queue, with the deployment's public key. */
async function commands(): Promise<Command[]> {
  const { commands: QueueUrl } = office.bridge.queues
  const key = createPublicKey(office.bridge.deploymentPublicKey)
  const asked = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 })
  const { Messages = [] } = await sqs.send(asked)
  return Messages.map(({ Body = '' }) => openCommand(Body, 'placed-office', key))
}

function told(id: string, state: 'ringing' | 'ended', placed: Placed) {
  const fact = callFact('placed-office', [1, ++seq], id, state)
  return { ...fact, data: { ...fact.data, placed } }
}

test('refuses a call with 503 and sends no command if the bridge was never seen', async () => {
  const response = await post({ from: '5860', to: '61' }, 'early')
  expect(response.headers.get('retry-after')).toBe('15')
  expect(await problem(response)).toMatchObject({ status: 503, errorId: 'bridge-offline' })
  expect(await commands()).toEqual([])
})

test('places one call for one idempotency key: the same body gets the same answer, another body gets 422', async () => {
  await hear()
  const call = await until('the bridge to be heard', async () => {
    const response = await post({ from: '5860', to: '61', metadata: { ticket: '17' } }, 'one')
    return response.status === 202 && v.parse(Call, await response.json())
  })
  expect(call).toMatchObject({ state: 'queued', dialled: '61', metadata: { ticket: '17' } })
  expect(await placed({ metadata: { ticket: '17' }, to: '61', from: '5860' }, 'one')).toEqual(call)
  const others = [{ to: '60' }, { to: '61', metadata: { ticket: '18' } }, { to: '61', metadata: {} }, { to: '61' }]
  for (const other of others) {
    const answer = await post({ from: '5860', ...other }, 'one')
    expect(answer.status, JSON.stringify(other)).toBe(422)
    expect(await problem(answer)).toMatchObject({ errorId: 'idempotency-key-reused' })
  }
  const sent = await commands()
  expect(new Set(sent.map(({ call: id }) => id))).toEqual(new Set([call.call]))
  expect(sent[0]).toMatchObject({ command: 'place', endpoint: 'PJSIP/5860', extension: '61', ringSeconds: 30 })

  await deployment.send(office, 'live', [told(call.call, 'ringing', { stage: 'ringing-caller' })])
  await until('the call to ring', async () => (await read(call.call)).state === 'ringing-caller')
  const waiting = read(call.call, '?wait=20')
  await deployment.send(office, 'live', [
    told(call.call, 'ended', { stage: 'ended', result: 'busy', cause: 17, sipCode: 486 }),
  ])
  expect(await waiting).toMatchObject({ state: 'ended' })
  await until('its result', async () => (await read(call.call)).result === 'busy')
  expect(await read(call.call)).toMatchObject({ sipCode: 486, cause: 17, metadata: { ticket: '17' } })
  // The same request after the call's end gets the first answer again, and no command is sent.
  expect(await placed({ from: '5860', to: '61', metadata: { ticket: '17' } }, 'one')).toEqual(call)
})

test('the answer to POST /calls has the digits that will be dialled, with the outside prefix of the site', async () => {
  await hear()
  const call = await placed({ from: '5860', to: '+33 4 79 00 00 99' }, 'dials')
  expect(call).toMatchObject({ dialled: '+33479000099', dials: '00479000099' })
  expect(await commands()).toContainEqual(expect.objectContaining({ call: call.call, extension: call['dials'] }))
})

test('places one call for four concurrent requests with one idempotency key', async () => {
  await hear()
  const responses = await Promise.all([1, 2, 3, 4].map(() => post({ from: '5860', to: '61' }, 'same-time')))
  const bodies = await Promise.all(
    responses.map(async (response) => ({ status: response.status, body: await response.json() })),
  )
  for (const { status } of bodies) expect([202, 409]).toContain(status)
  const calls = bodies.flatMap(({ status, body }) => (status === 202 ? [v.parse(Call, body).call] : []))
  expect(new Set(calls).size).toBe(1)
})

test('a call whose end nobody saw has the result unknown until its call record corrects that for good', async () => {
  await hear()
  const { call } = await placed({ from: '5860', to: '61' }, 'unseen')
  await deployment.send(office, 'live', [told(call, 'ended', { stage: 'ended', result: 'unknown' })])
  await until('its end', async () => (await read(call)).result === 'unknown')
  const cdr = makeCdr(1, { uniqueid: call, linkedid: call, disposition: 'BUSY', dstchannel: '' })
  await deployment.send(office, 'records', [cdrEvent('placed-office', cdr)])
  await until('the correction', async () => (await read(call)).result === 'busy')
  await deployment.send(office, 'live', [told(call, 'ended', { stage: 'ended', result: 'unknown' })])
  const { call: other } = await placed({ from: '5860', to: '61' }, 'other')
  await deployment.send(office, 'live', [told(other, 'ended', { stage: 'ended', result: 'expired' })])
  await until('a later fact', async () => (await read(other)).result === 'expired')
  expect((await read(call)).result).toBe('busy')
})

test('pushes subscribers the result unknown that the cloud sets, and then the correction from the call record', async () => {
  await hear()
  await using page = await subscriber(deployment, office, ['calls'])
  const { call } = await placed({ from: '5860', to: '61' }, 'reaped')
  const results = () => {
    const told = page.frames.flatMap((frame) => (frame.type === 'delta' ? frame.entities : []))
    return told.flatMap(({ id, state }) => (id === call ? [v.parse(Placed, state['placed']).result] : []))
  }
  // The message that the queue delivers 45 s after the request.
  const reap = { Records: [{ body: JSON.stringify({ reap: { site: 'placed-office', call } }) }] }
  expect((await deployment.cloud.invoke('watch', reap)).functionError).toBeUndefined()
  await until('its end on the socket', async () => results().at(-1) === 'unknown')
  expect(await read(call)).toMatchObject({ state: 'ended', result: 'unknown' })
  const cdr = makeCdr(2, { uniqueid: call, linkedid: call, disposition: 'BUSY', dstchannel: '' })
  await deployment.send(office, 'records', [cdrEvent('placed-office', cdr)])
  await until('its correction on the socket', async () => results().at(-1) === 'busy')
  expect((await read(call)).result).toBe('busy')
})

test.each([
  ['no Idempotency-Key', { from: '5860', to: '61' }, undefined, 400, 'input-invalid', 'Idempotency-Key'],
  ['a SIP address', { from: '5860', to: 'sip:61@evil.example' }, 'b1', 400, 'input-invalid', 'to'],
  ['a fork', { from: '5860', to: '61&PJSIP/5861' }, 'b2', 400, 'input-invalid', 'to'],
  ['a Local channel', { from: 'Local/60@internes', to: '61' }, 'b3', 400, 'input-invalid', 'from'],
  ['a number with CR and LF', { from: '5860', to: '61\r\nX: y' }, 'b4', 400, 'input-invalid', 'to'],
  ['a number of 200 digits', { from: '5860', to: '1'.repeat(200) }, 'b5', 400, 'input-invalid', 'to'],
  ['digits of another script', { from: '5860', to: '٦١' }, 'b6', 400, 'input-invalid', 'to'],
  ['a context', { from: '5860', to: '61', context: 'sortants' }, 'b7', 400, 'input-invalid', 'context'],
  ['an unknown phone', { from: '5899', to: '61' }, 'b8', 400, 'input-invalid', 'from'],
  ['an emergency number', { from: '5860', to: '112' }, 'b9', 403, 'dial-emergency', 'to'],
  ['a number of another country', { from: '5860', to: '+1 242 365 1234' }, 'b10', 403, 'dial-international', 'to'],
  ['a premium number', { from: '5860', to: '0899 12 34 56' }, 'b11', 403, 'dial-premium', 'to'],
  [
    'a caller id of another site',
    { from: '5860', to: '61', callerId: '0612345678' },
    'b12',
    403,
    'caller-id-not-owned',
    'callerId',
  ],
])('refuses a call request with %s, and names the field', async (_, body, key, status, errorId, field) => {
  await hear()
  const told = await problem(await post(body, key))
  expect(told).toMatchObject({ status, errorId })
  expect(told.errors?.map((error) => error.field)).toContain(field)
})

test('sends no command for any refused call', async () => {
  // Commands of accepted calls may be received again, since nothing deletes them from the queue.
  const { call } = await placed({ from: '5860', to: '61' }, 'after-all')
  const found = await until('the command after all of them', async () => {
    const sent = (await commands()).map((command) => ('call' in command ? String(command.call) : ''))
    return sent.includes(call) && sent
  })
  expect(found.filter((id) => !accepted.has(id))).toEqual([])
})

test('the audit has an entry for a denied call', async () => {
  const response = await deployment.call('GET', '/v1/sites/placed-office/audit', { key: office.site.apiKey })
  const { entries } = (await response.json()) as { entries: { outcome: string }[] }
  expect(new Set(entries.map(({ outcome }) => outcome))).toContain('dial-premium')
})

test('answers 429 to a call over a cap, and 409 to a call from a phone that is not registered', async () => {
  const change = { settings: { callsPerMinute: 0 } }
  await deployment.call('PATCH', '/v1/sites/placed-office', { key: office.site.apiKey, body: change })
  await hear()
  expect(await problem(await post({ from: '5860', to: '61' }, 'capped'))).toMatchObject({
    status: 429,
    errorId: 'call-cap-minute',
  })
  await hear('offline')
  await until('the phone to be offline', async () => {
    const told = await problem(await post({ from: '5860', to: '61' }, 'offline'))
    return told.errorId === 'caller-offline'
  })
})
