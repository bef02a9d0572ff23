import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type Deployment, deploy, type TestSite } from '../support/deployment.ts'
import { endpointFact } from '../support/facts.ts'
import { subscriber, ticketUrl } from '../support/subscriber.ts'
import { until } from '../support/until.ts'

/**
 * Goal: whatever a client sends, it is told what was wrong or its socket is closed with a documented code, nothing of another
 * site comes out, and others are told as ever. Method: bad frames over real sockets to the packaged functions.
 */
let deployment: Deployment
let office: TestSite
let other: TestSite
beforeAll(async () => {
  deployment = await deploy()
  office = await deployment.makeSite('office')
  other = await deployment.makeSite('other')
  await deployment.send(other, 'live', [endpointFact('other', [5, 1], '9999', 'INUSE')])
})
afterAll(async () => deployment[Symbol.asyncDispose]())

const future = Date.now() + 86_400_000

test.each([
  ['1,000 topics', JSON.stringify({ action: 'subscribe', topics: Array(1_000).fill('calls') }), 'frame-invalid'],
  ['11 topics', JSON.stringify({ action: 'subscribe', topics: Array(11).fill('calls') }), 'frame-invalid'],
  ["another site's topic", '{"action":"subscribe","topics":["other#endpoints"]}', 'frame-invalid'],
  [
    'a resume from the future',
    JSON.stringify({ action: 'resume', topics: ['calls'], epoch: 1, w: future }),
    'resume-from-future',
  ],
  ['another protocol', '{"action":"subscribe","protocol":2,"topics":["calls"]}', 'protocol-unsupported'],
])('%s is answered with its error, and the socket stays', async (_, text, errorId) => {
  await using client = await subscriber(deployment, office, ['endpoints'])
  client.socket.send(text)
  await until('the error', async () =>
    client.frames.some((frame) => frame.type === 'error' && frame.errorId === errorId),
  )
  client.socket.send('{"action":"ping"}')
  await until('the pong', async () => client.frames.some((frame) => frame.type === 'pong'))
})

test('naming another site in a frame shows nothing of it', async () => {
  await using client = await subscriber(deployment, office, ['endpoints', 'calls'])
  client.socket.send('{"action":"subscribe","site":"other","topics":["endpoints"]}')
  await until('the answer', async () => client.frames.filter(({ type }) => type === 'snapshot').length === 3)
  expect(client.entities().filter((id) => id.includes('9999'))).toEqual([])
})

test('a frame of 33 KB closes its socket with 1009, and no other', async () => {
  await using client = await subscriber(deployment, office, ['endpoints'])
  await using neighbour = await subscriber(deployment, office, ['endpoints'])
  const closed = once(client.socket, 'close')
  client.socket.send('x'.repeat(33 * 1_024))
  expect((await closed)[0]).toBe(1009)
  neighbour.socket.send('{"action":"ping"}')
  await until('the pong', async () => neighbour.frames.some((frame) => frame.type === 'pong'))
})

test('an expired ticket opens no socket', async () => {
  const url = await ticketUrl(deployment, office)
  const tickets = (await deployment.items('AccessTable')).filter(({ pk }) => String(pk).startsWith('TK#'))
  for (const ticket of tickets) await deployment.put('AccessTable', { ...ticket, expiresAt: Date.now() - 1 })
  const [error] = await once(new WebSocket(url), 'error')
  expect(String(error)).toMatch(/40[13]/)
})

test('a flood of frames is answered one by one, and a neighbour is told of a change meanwhile', async () => {
  await using flooder = await subscriber(deployment, office, ['calls'])
  await using neighbour = await subscriber(deployment, office, ['endpoints'])
  const frames = 200
  for (let n = 0; n < frames; n += 1) flooder.socket.send(n % 2 ? 'hello' : '{"action":"ping"}')
  const started = performance.now()
  await deployment.send(office, 'live', [endpointFact('office', [5, 1], '5860', 'RINGING')])
  await neighbour.untilState('PJSIP/5860', 'RINGING')
  const toldMs = performance.now() - started
  await until(
    'every answer',
    async () => flooder.frames.filter(({ type }) => type === 'pong' || type === 'error').length >= frames,
    60_000,
  )
  // Its own functions answer it; the neighbour's change goes by another. On a machine of two cores they share those.
  expect(toldMs).toBeLessThan(15_000)
})
