import { afterAll, beforeAll, expect, test } from 'vitest'
import { notes } from './local-fixture/notes.ts'
import { ask, patiently, type RunningFixture, runFixture } from './local-fixture/packaged-fixture.ts'
import { connect } from './local-fixture/socket-client.ts'

let fixture: RunningFixture
let url: string
beforeAll(async () => {
  fixture = await runFixture()
  url = `${fixture.cloud.socketUrl}?ticket=good`
})
afterAll(() => fixture[Symbol.asyncDispose]())

/** Connects a client and returns it with its connection id, which only functions know. */
async function connected() {
  const client = await connect(`${url}&token=${Math.random()}`)
  client.send({ action: 'fail' })
  const { connectionId } = await client.next()
  return { client, id: connectionId as string }
}
const act = (act: string, id: string, more = {}) => ask(fixture.cloud, 'act', { act, id, ...more })

test('delivers to a client the message that a function posts with the AWS SDK', async () => {
  const { client, id } = await connected()
  expect(await act('post', id, { data: '{"hello":"é"}' })).toMatchObject({ ok: { $metadata: { httpStatusCode: 200 } } })
  expect(await client.next()).toEqual({ hello: 'é' })
  const text = JSON.stringify('é'.repeat(60 * 1024))
  await act('post', id, { data: text })
  expect(JSON.stringify(await client.next())).toBe(text)
  await client[Symbol.asyncDispose]()
})

test('a function can describe and close the connection of a client', async () => {
  const { client, id } = await connected()
  const { ok } = await act('describe', id)
  expect(ok).toMatchObject({ Identity: { SourceIp: '127.0.0.1' } })
  expect(Date.parse(ok.ConnectedAt)).toBeLessThanOrEqual(Date.parse(ok.LastActiveAt))
  expect(await act('disconnect', id)).toMatchObject({ ok: { $metadata: { httpStatusCode: 204 } } })
  expect(await client.closed).toBe(1000)
})

test('answers 410 with GoneException for a connection that is closed, unknown or not accepted yet', async () => {
  const { client, id } = await connected()
  await client[Symbol.asyncDispose]()
  await expect
    .poll(() => act('post', id, { data: 'x' }), patiently)
    .toMatchObject({ error: 'GoneException', status: 410 })
  expect(await act('describe', id)).toMatchObject({ error: 'GoneException', status: 410 })
  for (const verb of ['post', 'describe', 'disconnect']) {
    expect(await act(verb, 'bm9ib2R5bm9ib2=', { data: 'x' })).toMatchObject({
      error: 'GoneException',
      status: 410,
    })
  }
  const early = await connect(`${url}&early=1`)
  await early[Symbol.asyncDispose]()
  expect(await notes(fixture.cloud, 'early')).toEqual([
    expect.objectContaining({ error: 'GoneException', status: 410 }),
  ])
})

test('answers 413 to a function that posts a message over 128 KB', async () => {
  const { client, id } = await connected()
  const tooLong = await act('post', id, { data: 'x'.repeat(128 * 1024 + 1) })
  expect(tooLong).toMatchObject({ error: 'PayloadTooLargeException', status: 413 })
  await client[Symbol.asyncDispose]()
})

test('answers 403 to a role without execute-api:ManageConnections and to an unknown access key', async () => {
  const { client, id } = await connected()
  const { cloud } = fixture
  const endpoint = cloud.attribute('WebsocketsApi', 'ApiEndpoint').replace(/^ws/, 'http')
  const path = `${endpoint}/test/@connections/${encodeURIComponent(id)}`
  const { accessKeyId } = cloud.credentials('BridgeRole')
  const signed = (key: string) => ({
    authorization: `AWS4-HMAC-SHA256 Credential=${key}/20260101/eu-west-1/execute-api/aws4_request`,
  })
  const denied = await fetch(path, { method: 'POST', body: 'x', headers: signed(accessKeyId) })
  expect([denied.status, denied.headers.get('x-amzn-errortype')]).toEqual([403, 'AccessDeniedException'])
  expect((await denied.json()).message).toMatch(
    /assumed-role\/fixture-test-BridgeRole\/local is not authorized to perform: execute-api:Manage/,
  )
  expect((await fetch(path, { method: 'POST', body: 'x', headers: signed('ASIANOBODY') })).status).toBe(403)
  expect((await fetch(path, { method: 'POST', body: 'x' })).status).toBe(403)
  await client[Symbol.asyncDispose]()
})
