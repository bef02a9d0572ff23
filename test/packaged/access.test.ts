import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import * as v from 'valibot'
import { beforeAll, expect, test } from 'vitest'
import { type BridgeSession, credentialsText, BridgeSession as Session } from '../../contracts/bridge-access.ts'
import { TicketIssued } from '../../contracts/http.ts'
import { type KeyMade, KeyMade as Made } from '../../contracts/key.ts'
import { type SharedDeployment, sharedDeployment, type TestSite } from '../support/deployment.ts'
import { callFact } from '../support/facts.ts'
import { makeSiteKey } from '../support/site-keys.ts'
import { subscriber } from '../support/subscriber.ts'
import { until } from '../support/until.ts'

let deployment: SharedDeployment
let office: TestSite
let other: TestSite
beforeAll(async () => {
  deployment = sharedDeployment()
  office = await deployment.makeSite('access-office')
  other = await deployment.makeSite('access-other')
})

const admin = () => deployment.cloud.adminKey
const ask = (method: string, path: string, key?: string, body?: unknown) =>
  deployment.call(method, path, { ...(key && { key }), ...(body !== undefined && { body }) })

const makeKey = (body: Record<string, unknown>, site = office) => makeSiteKey(deployment, site, body)
const errorOf = async (response: Response) => [
  response.status,
  ((await response.json()) as { errorId: string }).errorId,
]

test('creates, lists, reads and changes sites, and keeps settings that a change does not name', async () => {
  const listed = await (await ask('GET', '/v1/sites', admin())).json()
  const own = (listed as { sites: { site: string }[] }).sites.filter(({ site }) => site.startsWith('access-'))
  expect(own).toMatchObject([{ site: 'access-office', zone: 'Europe/Paris' }, { site: 'access-other' }])
  const change = { zone: 'Indian/Reunion', settings: { callTimeoutSeconds: 45 } }
  expect((await ask('PATCH', '/v1/sites/access-other', admin(), change)).status).toBe(200)
  await ask('PATCH', '/v1/sites/access-other', other.site.apiKey, { name: 'Other office' })
  const read = await (await ask('GET', '/v1/sites/access-other', other.site.apiKey)).json()
  expect(read).toMatchObject({ name: 'Other office', country: 'FR', ...change })
  const live = await deployment.items('LiveTable')
  expect(live.find(({ pk, sk }) => pk === 'access-other' && sk === 'SITE')).toMatchObject({ zone: 'Indian/Reunion' })
})

test('creates a key with its role’s scopes, lists it without its secret, and refuses a new key with more scopes than the caller has', async () => {
  const viewer = await makeKey({ role: 'viewer' })
  expect(viewer.scopes).toEqual(['sites:read', 'presence:read', 'calls:read', 'cdrs:read'])
  const listed = JSON.stringify(await (await ask('GET', '/v1/sites/access-office/keys', office.site.apiKey)).json())
  expect(listed).toContain(viewer.key)
  expect(listed).not.toMatch(/hash|secret|shk_/)
  const manager = await makeKey({ scopes: ['keys:manage', 'cdrs:read'] })
  const make = (body: unknown) => ask('POST', '/v1/sites/access-office/keys', manager.secret, body)
  expect((await make({ name: 'less', scopes: ['cdrs:read'] })).status).toBe(201)
  expect(await errorOf(await make({ name: 'more', scopes: ['cdrs:personal'] }))).toEqual([403, 'scope-not-held'])
  expect(await errorOf(await make({ name: 'more', role: 'operator' }))).toEqual([403, 'scope-not-held'])
  expect(await errorOf(await make({ name: 'none', scopes: ['no:such'] }))).toEqual([400, 'input-invalid'])
  expect(await errorOf(await make({ name: 'none' }))).toEqual([400, 'input-invalid'])
  const rotated = await ask(
    'POST',
    `/v1/sites/access-office/keys/${office.site.apiKey.split('_')[1]}/rotate`,
    manager.secret,
  )
  expect(await errorOf(rotated)).toEqual([403, 'scope-not-held'])
})

test('a key gives no board, no caps and no lifetime beyond its own, and does not lift its own freeze', async () => {
  const make = (key: string, body: unknown, what = 'keys') => ask('POST', `/v1/sites/access-office/${what}`, key, body)
  const narrow = await makeKey({ scopes: ['keys:manage'], expiresInDays: 1, calls: { callsPerDay: 1 } })
  expect(await errorOf(await make(narrow.secret, { name: 'hall' }, 'boards'))).toEqual([403, 'scope-not-held'])
  const wide = { name: 'x', scopes: ['keys:manage'], calls: { callsPerDay: 2 } }
  expect(await errorOf(await make(narrow.secret, wide))).toEqual([403, 'right-not-held'])
  const child = await make(narrow.secret, { name: 'x', scopes: ['keys:manage'] })
  const made = (await child.json()) as { expiresAt?: string; calls?: object; secret: string }
  expect(made).toMatchObject({ expiresAt: narrow.expiresAt, calls: { callsPerDay: 1 } })
  await deployment.put('LiveTable', { pk: 'access-office#FRZ', sk: narrow.key, at: Date.now() })
  const unfreeze = (key: string) => ask('DELETE', `/v1/sites/access-office/keys/${narrow.key}/freeze`, key)
  for (const key of [narrow.secret, made.secret])
    expect(await errorOf(await unfreeze(key))).toEqual([403, 'key-frozen'])
  expect((await unfreeze(office.site.apiKey)).status).toBe(200)
  expect((await make(narrow.secret, { name: 'x', scopes: ['keys:manage'] })).status).toBe(201)
})

test('lists when a key was last used', async () => {
  const key = await makeKey({ role: 'viewer' })
  expect(key.lastUsedAt).toBeUndefined()
  await ask('GET', '/v1/sites/access-office', key.secret)
  const { keys } = (await (await ask('GET', '/v1/sites/access-office/keys', admin())).json()) as { keys: KeyMade[] }
  expect(keys.find(({ key: prefix }) => prefix === key.key)?.lastUsedAt).toMatch(/^2/)
})

test('accepts both secrets of a rotated key during the overlap, and only the new one without an overlap', async () => {
  const status = async (secret: string) => (await ask('GET', '/v1/sites/access-office', secret)).status
  const key = await makeKey({ role: 'viewer' })
  const rotate = async (body?: unknown) => {
    const response = await ask('POST', `/v1/sites/access-office/keys/${key.key}/rotate`, office.site.apiKey, body)
    return v.parse(Made, await response.json())
  }
  const second = await rotate()
  expect([second.key, second.scopes]).toEqual([key.key, key.scopes])
  expect([await status(key.secret), await status(second.secret)]).toEqual([200, 200])
  const third = await rotate({ overlapSeconds: 0 })
  // No request used the second key since, so no answer about it is cached. The first is accepted until it expires.
  const fourth = await rotate({ overlapSeconds: 0 })
  expect(await status(third.secret)).toBe(401)
  expect([await status(key.secret), await status(fourth.secret)]).toEqual([200, 200])
})

test('closes the sockets of a revoked key at once and refuses its tickets', async () => {
  const key = await makeKey({ role: 'viewer' })
  const site = { site: { site: 'access-office', apiKey: key.secret } }
  await using client = await subscriber(deployment, site, ['calls'])
  await using bystander = await subscriber(deployment, office, ['calls'])
  const issued = await ask('POST', '/v1/sites/access-office/tickets', key.secret)
  const { ticket, socketUrl } = v.parse(TicketIssued, await issued.json())
  const revoked = await ask('DELETE', `/v1/sites/access-office/keys/${key.key}`, office.site.apiKey)
  expect(await revoked.json()).toMatchObject({ key: key.key, revokedAt: expect.stringMatching(/^2/) })
  await until('the socket to be closed', async () => client.socket.readyState === client.socket.CLOSED)
  expect(bystander.socket.readyState).toBe(bystander.socket.OPEN)
  await expect(subscriber(deployment, site, ['calls'], `${socketUrl}?ticket=${ticket}`)).rejects.toThrow('403')
  const unknown = await ask('DELETE', `/v1/sites/access-other/keys/${key.key}`, other.site.apiKey)
  expect(await errorOf(unknown)).toEqual([404, 'key-unknown'])
})

test('a ticket opens one socket; a request for a ticket with more scopes than the key has is refused', async () => {
  const viewer = await makeKey({ role: 'viewer' })
  const issue = (scopes: string[]) => ask('POST', '/v1/sites/access-office/tickets', viewer.secret, { scopes })
  expect(await errorOf(await issue(['presence:personal']))).toEqual([403, 'scope-not-held'])
  expect(await errorOf(await issue(['no:such']))).toEqual([400, 'input-invalid'])
  const { ticket, socketUrl } = v.parse(TicketIssued, await (await issue(['presence:read'])).json())
  const url = `${socketUrl}?ticket=${ticket}`
  await using _client = await subscriber(deployment, office, ['calls'], url)
  await expect(subscriber(deployment, office, ['calls'], url)).rejects.toThrow('403')
})

test('a board token shows calls without numbers and names, and is refused on other routes', async () => {
  const response = await ask('POST', '/v1/sites/access-office/boards', office.site.apiKey, { name: 'Reception' })
  const board = v.parse(Made, await response.json())
  expect(board.secret).toMatch(/^shb_/)
  expect(await errorOf(await ask('GET', '/v1/sites/access-office/endpoints', board.secret))).toEqual([
    401,
    'key-invalid',
  ])
  const exchanged = await ask('POST', '/v1/boards/tickets', undefined, { token: board.secret })
  const { ticket, socketUrl, site } = v.parse(TicketIssued, await exchanged.json())
  expect(site).toBe('access-office')
  await using client = await subscriber(deployment, office, ['calls'], `${socketUrl}?ticket=${ticket}`)
  await using operator = await subscriber(deployment, office, ['calls'])
  await deployment.send(office, 'live', [callFact('access-office', [1, 1], 'pbx1-1.1', 'ringing')])
  await client.untilState('pbx1-1.1', 'ringing')
  await operator.untilState('pbx1-1.1', 'ringing')
  expect(JSON.stringify(operator.frames)).toMatch(/Phone 60/)
  expect(JSON.stringify(client.frames)).not.toMatch(/Phone 6|"60"|"61"/)
  for (const token of [
    `${board.secret.slice(0, -1)}~`,
    'shb_0000000000000000_00000000000000000000000000000000',
    office.site.apiKey,
  ]) {
    expect(await errorOf(await ask('POST', '/v1/boards/tickets', undefined, { token }))).toEqual([401, 'key-invalid'])
  }
})

async function credentials(
  key: string,
  privateKey: KeyObject,
  time = new Date().toISOString(),
  site = 'access-office',
) {
  const request = { site, key, time }
  const signature = sign(null, credentialsText(request), privateKey).toString('base64')
  return ask('POST', '/v1/bridge/credentials', undefined, { ...request, signature })
}
const sqsOf = ({ accessKeyId, secretAccessKey, sessionToken }: BridgeSession) =>
  new SQSClient({
    region: deployment.cloud.region,
    endpoint: deployment.cloud.endpoints.sqs,
    credentials: { accessKeyId, secretAccessKey, sessionToken },
  })

test('gives a bridge a session for its own queues only, in exchange for its signature', async () => {
  const session = v.parse(Session, await (await credentials(office.bridge.key, office.privateKey)).json())
  using sqs = {
    client: sqsOf(session),
    [Symbol.dispose]() {
      this.client.destroy()
    },
  }
  const { live, commands } = session.queues
  await sqs.client.send(new SendMessageCommand({ QueueUrl: live, MessageBody: 'x' }))
  await sqs.client.send(new ReceiveMessageCommand({ QueueUrl: commands, WaitTimeSeconds: 0 }))
  const theirs = new ReceiveMessageCommand({ QueueUrl: other.bridge.queues.commands, WaitTimeSeconds: 0 })
  await expect(sqs.client.send(theirs)).rejects.toMatchObject({ name: 'AccessDenied' })
  const readLive = new ReceiveMessageCommand({ QueueUrl: live, WaitTimeSeconds: 0 })
  await expect(sqs.client.send(readLive)).rejects.toMatchObject({ name: 'AccessDenied' })
})

test('accepts a bridge’s request for credentials once, within its time limit, and only with its own key and site', async () => {
  const { privateKey } = generateKeyPairSync('ed25519')
  const time = new Date().toISOString()
  expect((await credentials(office.bridge.key, office.privateKey, time)).status).toBe(201)
  const again = await credentials(office.bridge.key, office.privateKey, time)
  expect(await errorOf(again)).toEqual([409, 'time-not-newest'])
  const late = await credentials(office.bridge.key, office.privateKey, new Date(Date.now() - 400_000).toISOString())
  expect(await errorOf(late)).toEqual([403, 'time-off'])
  const cases = [
    credentials(office.bridge.key, privateKey),
    credentials(office.bridge.key, other.privateKey),
    credentials(office.bridge.key, office.privateKey, undefined, 'access-other'),
    credentials('0000000000000000', office.privateKey),
    credentials(office.bridge.key, office.privateKey, undefined, 'nowhere'),
  ]
  for (const asked of cases) expect(await errorOf(await asked)).toEqual([401, 'bridge-unknown'])
})

test('an enrolment code enrols one bridge key, and only that key may repeat the enrolment', async () => {
  const made = await (await ask('POST', '/v1/sites/access-office/bridges', office.site.apiKey)).json()
  const { code } = v.parse(v.looseObject({ code: v.string() }), made)
  const pem = () => generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' })
  const publicKey = pem()
  const enrol = (body: unknown) => ask('POST', '/v1/bridge/enrolments', undefined, body)
  const first = await enrol({ code, publicKey })
  const answer = await first.json()
  expect(first.status).toBe(201)
  expect(await (await enrol({ code, publicKey })).json()).toEqual(answer)
  expect(await errorOf(await enrol({ code, publicKey: pem() }))).toEqual([401, 'code-invalid'])
  const madeUp = `she_office_${'0'.repeat(32)}`
  expect(await errorOf(await enrol({ code: madeUp, publicKey }))).toEqual([401, 'code-invalid'])
  expect(await errorOf(await enrol({ code: madeUp.replace('access-office', 'nowhere'), publicKey }))).toEqual([
    401,
    'code-invalid',
  ])
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' })
  expect(await errorOf(await enrol({ code, publicKey: rsa }))).toEqual([400, 'input-invalid'])
})

test('a revoked bridge gets no new session, and its last session cannot read the command queue', async () => {
  const site = await deployment.makeSite('access-revoked')
  const before = v.parse(
    Session,
    await (await credentials(site.bridge.key, site.privateKey, undefined, 'access-revoked')).json(),
  )
  const revoked = await ask('DELETE', `/v1/sites/access-revoked/bridges/${site.bridge.key}`, site.site.apiKey)
  expect(await revoked.json()).toMatchObject({ state: 'revoked' })
  const refused = await credentials(site.bridge.key, site.privateKey, undefined, 'access-revoked')
  expect(await errorOf(refused)).toEqual([401, 'bridge-unknown'])
  const client = sqsOf(before)
  const next = before.queues.commands.replace(/(\d+)$/, (number) => String(Number(number) + 1))
  const receive = (QueueUrl: string) => client.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 0 }))
  await expect(receive(before.queues.commands)).rejects.toMatchObject({ name: /NonExistentQueue|QueueDoesNotExist/ })
  await expect(receive(next)).rejects.toMatchObject({ name: 'AccessDenied' })
  client.destroy()
})

test('a key over its rate limit gets 429 with the time to wait, and other keys are still accepted', async () => {
  const key = await makeKey({ role: 'viewer', requestsMax: 3 })
  const answers = await Promise.all(Array.from({ length: 12 }, () => ask('GET', '/v1/sites/access-office', key.secret)))
  const refused = answers.filter(({ status }) => status === 429)
  // Three requests of a window, or six if the twelve requests fell into two windows.
  expect(refused.length).toBeGreaterThanOrEqual(6)
  const [first] = refused
  expect(await first?.json()).toMatchObject({ errorId: 'key-rate-exceeded' })
  const wait = Number(first?.headers.get('retry-after'))
  expect(wait).toBeGreaterThan(0)
  expect(wait).toBeLessThanOrEqual(10)
  expect((await ask('GET', '/v1/sites/access-office', office.site.apiKey)).status).toBe(200)
})
