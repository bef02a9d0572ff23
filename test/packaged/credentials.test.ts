import { generateKeyPairSync, sign } from 'node:crypto'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import * as v from 'valibot'
import { beforeAll, expect, test } from 'vitest'
import { TicketIssued } from '../../contracts/http.ts'
import { KeyMade } from '../../contracts/key.ts'
import { makeApiKey, makeTicket, sha256 } from '../../functions/domain/api-key.ts'
import { keys } from '../../functions/stores/table-keys.ts'
import { type SharedDeployment, sharedDeployment, type TestSite } from '../support/deployment.ts'
import { endpointFact } from '../support/facts.ts'
import { subscriber } from '../support/subscriber.ts'
import { until } from '../support/until.ts'

/** Sends invalid credentials: each is refused as the OpenAPI document says, all of a kind with the same answer. */
let deployment: SharedDeployment
let office: TestSite
let other: TestSite
beforeAll(async () => {
  deployment = sharedDeployment()
  office = await deployment.makeSite('credentials-office')
  other = await deployment.makeSite('credentials-other')
})

const key = () => office.site.apiKey
const part = (apiKey: string, n: number) => apiKey.split('_').slice(n).join('_')

/** Returns status and JSON of a GET with these bytes in its header, which an HTTP client would not send. */
async function raw(path: string, authorization: Buffer): Promise<[string, string]> {
  const { hostname, port } = new URL(deployment.cloud.httpUrl)
  const socket = connect(Number(port), hostname)
  const head = `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer `
  socket.write(Buffer.concat([Buffer.from(head), authorization, Buffer.from('\r\n\r\n')]))
  const answer = await text(socket)
  return [answer.slice(0, answer.indexOf('\r\n')), /\{.*\}/s.exec(answer)?.[0] ?? '']
}

test('answers malformed, truncated, swapped, too long, foreign and altered keys all in the same way', async () => {
  const [, prefix = ''] = key().split('_')
  const wrong = {
    'another deployment’s': makeApiKey().text,
    'of a prefix that is there': makeApiKey('key', prefix).text,
    'cut by one': key().slice(0, -1),
    'its prefix alone': `shk_${prefix}`,
    'longer by one': `${key()}A`,
    'thirty times itself': key().repeat(30),
    'the prefix of one, the secret of another': `shk_${part(other.site.apiKey, 1).slice(0, 16)}_${part(key(), 2)}`,
    'parts swapped': `shk_${part(key(), 2)}_${prefix}`,
    'a board token': key().replace('shk_', 'shb_'),
    'in capitals': key().toUpperCase(),
    'with a quote': `"${key()}"`,
    'no key at all': 'null',
  }
  const answers = new Set<string>()
  for (const [name, text] of Object.entries(wrong)) {
    const response = await deployment.call('GET', '/v1/sites/credentials-office', { key: text })
    expect(response.status, name).toBe(401)
    answers.add(await response.text())
  }
  const lookAlikes = [key().replace('s', 'ѕ'), key().replace('_', '＿'), `${key()}\u200b`, `\u202e${key()}`]
  for (const text of lookAlikes) {
    const [status, body] = await raw('/v1/sites/credentials-office', Buffer.from(text))
    expect(status).toContain('401')
    answers.add(body)
  }
  expect(answers.size).toBe(1)
  expect([...answers][0]).toContain('"errorId":"key-invalid"')
  expect((await raw('/v1/sites/credentials-office', Buffer.from(key())))[0]).toContain('200')
})

test('refuses a used, expired, truncated, invented or missing ticket', async () => {
  const issue = async () => {
    const response = await deployment.call('POST', '/v1/sites/credentials-office/tickets', { key: key() })
    return v.parse(TicketIssued, await response.json())
  }
  const { ticket, socketUrl } = await issue()
  const open = (query: string) => subscriber(deployment, office, ['endpoints'], socketUrl + query)
  await using _first = await open(`?ticket=${ticket}`)
  const late = makeTicket()
  const row = {
    site: 'credentials-office',
    keyId: key().split('_')[1],
    scopes: ['presence:read'],
    expiresAt: Date.now() - 1,
  }
  await deployment.put('AccessTable', { ...keys.ticket(sha256(late)), ...row })
  const unused = (await issue()).ticket
  const cases = [
    ticket,
    late,
    unused.slice(0, -1),
    `${unused}A`,
    unused.repeat(5),
    makeTicket(),
    key(),
    'тicket',
    '%00',
  ]
  for (const one of cases) await expect(open(`?ticket=${one}`), one).rejects.toThrow('403')
  for (const query of ['', '?ticket=', `?Ticket=${unused}`]) await expect(open(query), query).rejects.toThrow('401')
  // The invalid tickets have not used up the valid one.
  await using _second = await open(`?ticket=${unused}`)
})

test('a ticket shows only its own site, and a key gets no ticket for another site', async () => {
  const refused = await deployment.call('POST', '/v1/sites/credentials-other/tickets', { key: key() })
  expect([refused.status, ((await refused.json()) as { errorId: string }).errorId]).toEqual([404, 'site-unknown'])
  await deployment.send(other, 'live', [endpointFact('credentials-other', [1, 1], '7000', 'INUSE')])
  await deployment.send(office, 'live', [endpointFact('credentials-office', [1, 1], '5860', 'INUSE')])
  await until(
    'both phones',
    async () =>
      (await deployment.items('LiveTable')).filter(({ pk, v }) => String(pk).startsWith('credentials-') && v).length >=
      2,
  )
  await using client = await subscriber(deployment, office, ['endpoints'])
  await client.untilState('PJSIP/5860', 'INUSE')
  expect(client.entities()).toEqual(['PJSIP/5860'])
})

test('sends nothing more over an open socket once its key has expired', async () => {
  const body = { name: 'short', role: 'viewer', expiresInDays: 1 }
  const made = v.parse(
    KeyMade,
    await (await deployment.call('POST', '/v1/sites/credentials-office/keys', { key: key(), body })).json(),
  )
  // The API creates no key that expires within a day, so the test changes the row of one.
  const row = (await deployment.items('AccessTable')).find(({ pk }) => pk === `KEY#${made.key}`)
  const expiresAt = Date.now() + 3_000
  await deployment.put('AccessTable', { ...row, expiresAt })
  const short = { site: { site: 'credentials-office', apiKey: made.secret } }
  await using ending = await subscriber(deployment, short, ['endpoints'])
  await using going = await subscriber(deployment, office, ['endpoints'])
  await deployment.send(office, 'live', [endpointFact('credentials-office', [1, 2], '5860', 'BUSY')])
  await ending.untilState('PJSIP/5860', 'BUSY')
  await until('the key to end', async () => Date.now() > expiresAt)
  await deployment.send(office, 'live', [endpointFact('credentials-office', [1, 3], '5860', 'ONHOLD')])
  await going.untilState('PJSIP/5860', 'ONHOLD')
  expect(ending.statesOf('PJSIP/5860')).not.toContain('ONHOLD')
  const frames = ending.frames.length
  ending.socket.send(JSON.stringify({ action: 'subscribe', topics: ['endpoints'] }))
  going.socket.send(JSON.stringify({ action: 'ping' }))
  await until('the other to be answered', async () => going.frames.some(({ type }) => type === 'pong'))
  expect(ending.frames.length).toBe(frames)
})

test('answers all wrong enrolment codes in the same way, and all wrong signatures of bridges in the same way', async () => {
  const pem = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' })
  const enrolments = new Set<string>()
  const secret = '0'.repeat(32)
  for (const code of [`she_office_${secret}`, `she_other_${secret}`, `she_nowhere_${secret}`]) {
    const body = { code, publicKey: pem }
    const response = await deployment.call('POST', '/v1/bridge/enrolments', { body })
    enrolments.add(`${response.status} ${await response.text()}`)
  }
  expect(enrolments.size).toBe(1)
  const sessions = new Set<string>()
  const time = new Date().toISOString()
  for (const [site, id] of [
    ['credentials-office', other.bridge.key],
    ['credentials-other', office.bridge.key],
    ['nowhere', office.bridge.key],
    ['credentials-office', 'made-up'],
    ['credentials-office', office.bridge.key],
  ]) {
    const signature = sign(null, Buffer.from('something else'), office.privateKey).toString('base64')
    const response = await deployment.call('POST', '/v1/bridge/credentials', {
      body: { site, key: id, time, signature },
    })
    sessions.add(`${response.status} ${await response.text()}`)
  }
  expect(sessions.size).toBe(1)
})
