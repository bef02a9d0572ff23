import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { notes } from './local-fixture/notes.ts'
import { patiently, type RunningFixture, runFixture } from './local-fixture/packaged-fixture.ts'
import { connect, refusal } from './local-fixture/socket-client.ts'

let fixture: RunningFixture
let url: string
beforeAll(async () => {
  fixture = await runFixture()
  url = fixture.cloud.socketUrl
})
afterAll(() => fixture[Symbol.asyncDispose]())

test('accepts a client that the authorizer and $connect accept, and sends $connect the event that AWS documents', async () => {
  await using client = await connect(`${url}?ticket=good-1&ticket=good-2&x=1`, { headers: { 'X-Own': 'a' } })
  client.send({ action: 'ask', question: 'ready' })
  await client.next()
  const [event] = await notes(fixture.cloud, 'socket', '#$connect#')
  const { connectionId } = event.requestContext
  expect(connectionId).toMatch(/^[\w-]{15}=$/)
  expect(event).toEqual({
    headers: expect.objectContaining({ 'X-Own': 'a', Host: new URL(url).host }),
    multiValueHeaders: expect.objectContaining({ 'X-Own': ['a'] }),
    queryStringParameters: { ticket: 'good-2', x: '1' },
    multiValueQueryStringParameters: { ticket: ['good-1', 'good-2'], x: ['1'] },
    requestContext: {
      routeKey: '$connect',
      authorizer: { site: 'lab', level: '3', principalId: 'good-2' },
      eventType: 'CONNECT',
      extendedRequestId: expect.any(String),
      requestTime: expect.stringMatching(/ \+0000$/),
      messageDirection: 'IN',
      stage: 'test',
      connectedAt: expect.any(Number),
      requestTimeEpoch: expect.any(Number),
      identity: { sourceIp: '127.0.0.1', userAgent: '' },
      requestId: expect.any(String),
      domainName: new URL(url).host,
      connectionId,
      apiId: fixture.cloud.ref('WebsocketsApi'),
    },
    isBase64Encoded: false,
  })
})

test.each([
  ['no ticket', '', 401],
  ['a ticket that the authorizer denies', '?ticket=bad', 403],
  ['an authorizer that fails', '?ticket=break', 500],
  ['a $connect that answers 418', '?ticket=good&refuse=418', 418],
  ['a stage that does not exist', '/other?ticket=good', 403],
])('rejects a handshake with %s', async (_name, query, status) => {
  expect(await refusal(query.startsWith('/') ? url.replace(/\/test$/, query) : url + query)).toBe(status)
})

test('answers 400 to an upgrade request that is not a valid WebSocket handshake', async () => {
  const headers = {
    connection: 'upgrade',
    upgrade: 'websocket',
    'sec-websocket-key': 'short',
    'sec-websocket-version': '13',
  }
  const asking = request(`${url.replace('ws:', 'http:')}?ticket=good-400`, { headers }).end()
  const [response] = await once(asking, 'response')
  response.resume()
  expect(response.statusCode).toBe(400)
})

test('completes the handshake with the subprotocol that $connect returns', async () => {
  await using client = await connect(`${url}?ticket=good&protocol=two`, { protocols: ['one', 'two'] })
  expect(client.socket.protocol).toBe('two')
})

test('runs the route that the action in a message names, and $default if it names none', async () => {
  await using client = await connect(`${url}?ticket=good-routes`)
  for (const body of ['{"action":"nobody"}', '{"other":1}', 'no json', '["list"]', '{"action":7}'])
    client.socket.send(body)
  client.send({ action: 'ask', question: 'routes' })
  expect(await client.next()).toEqual({ answer: 'routes' })
  const events = () => notes(fixture.cloud, 'socket', '#$default#')
  await expect.poll(async () => (await events()).length, patiently).toBe(5)
  const [event] = await events()
  expect(event.requestContext).toMatchObject({ routeKey: '$default', eventType: 'MESSAGE', messageDirection: 'IN' })
  expect(event.requestContext.messageId).toEqual(expect.any(String))
  expect(event).not.toHaveProperty('headers')
})

test('sends a client errors and the answers of routes that have a route response, but no answers of other routes', async () => {
  await using client = await connect(`${url}?ticket=good`)
  client.send({ action: 'nobody' })
  client.send({ action: 'fail' })
  const { connectionId, requestId, message } = await client.next()
  expect(message).toBe('Internal server error')
  expect(connectionId).toMatch(/=$/)
  expect(requestId).toEqual(expect.any(String))
  client.send({ action: 'ask', question: 'still there' })
  expect(await client.next()).toEqual({ answer: 'still there' })
})

test.each([
  ['a frame of 32 KB', [32 * 1024], undefined],
  ['a message of 128 KB in frames of 32 KB', [32, 32, 32, 32].map((size) => size * 1024), undefined],
  ['a frame over 32 KB', [32 * 1024 + 1], 1009],
  ['a message over 128 KB in frames of 32 KB', [32, 32, 32, 32, 1].map((size) => size * 1024), 1009],
])(
  'accepts messages within the limits, and closes the connection with 1009 if one is larger: %s',
  async (_name, frames, code) => {
    await using client = await connect(`${url}?ticket=good`)
    frames.forEach((size, index) => {
      client.socket.send('x'.repeat(size), { fin: index === frames.length - 1 })
    })
    client.send({ action: 'ask', question: 'alive' })
    if (code === undefined) expect(await client.next()).toEqual({ answer: 'alive' })
    else expect(await client.closed).toBe(code)
  },
)

test('closes the connection with 1003 after a binary frame', async () => {
  await using client = await connect(`${url}?ticket=good`)
  client.socket.send(Buffer.from('binary'))
  expect(await client.closed).toBe(1003)
})

test('runs $disconnect for a client that closes or disappears, and for connected clients when the local cloud stops', async () => {
  const dataFolder = await mkdtemp(join(tmpdir(), 'local-cloud-'))
  try {
    const ended = async ({ cloud }: RunningFixture) =>
      (await notes(cloud, 'socket', '#$disconnect#')).map(
        ({ requestContext: { disconnectStatusCode, disconnectReason } }) =>
          `${disconnectStatusCode} ${disconnectReason}`,
      )
    {
      await using first = await runFixture({ dataFolder })
      const clients = await Promise.all([1, 2, 3].map(() => connect(`${first.cloud.socketUrl}?ticket=good`)))
      clients[0]?.socket.close(4001, 'enough')
      clients[1]?.socket.terminate()
      await expect
        .poll(async () => (await ended(first)).sort(), patiently)
        .toEqual(['1006 Connection closed abnormally', '4001 enough'])
      await first.cloud.stop()
      expect(await clients[2]?.closed).toBe(1001)
    }
    await using second = await runFixture({ dataFolder })
    expect(await ended(second)).toContain('1001 Going away')
  } finally {
    await rm(dataFolder, { recursive: true })
  }
})
