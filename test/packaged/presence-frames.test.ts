import { once } from 'node:events'
import { beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type SharedDeployment, sharedDeployment, type TestSite } from '../support/deployment.ts'
import { endpointFact } from '../support/facts.ts'
import { subscriber, ticketUrl } from '../support/subscriber.ts'
import { until } from '../support/until.ts'

/**
 * Goal: a client that sends an invalid frame gets an error frame or a documented close code, sees nothing of another site, and
 * does not disturb other clients. Method: invalid frames over real sockets to the packaged functions.
 */
let deployment: SharedDeployment
let office: TestSite
let other: TestSite
beforeAll(async () => {
  deployment = sharedDeployment()
  office = await deployment.makeSite('frames-office')
  other = await deployment.makeSite('frames-other')
  await deployment.send(other, 'live', [endpointFact('frames-other', [5, 1], '9999', 'INUSE')])
})

const future = Date.now() + 86_400_000

test.each([
  ['1,000 topics', JSON.stringify({ action: 'subscribe', topics: Array(1_000).fill('calls') }), 'frame-invalid'],
  ['11 topics', JSON.stringify({ action: 'subscribe', topics: Array(11).fill('calls') }), 'frame-invalid'],
  ["another site's topic", '{"action":"subscribe","topics":["frames-other#endpoints"]}', 'frame-invalid'],
  [
    'a resume from the future',
    JSON.stringify({ action: 'resume', topics: ['calls'], epoch: 1, w: future }),
    'resume-from-future',
  ],
  ['another protocol', '{"action":"subscribe","protocol":2,"topics":["calls"]}', 'protocol-unsupported'],
])('answers a frame with %s with an error and keeps the socket open', async (_, text, errorId) => {
  await using client = await subscriber(deployment, office, ['endpoints'])
  client.socket.send(text)
  await until('the error', async () =>
    client.frames.some((frame) => frame.type === 'error' && frame.errorId === errorId),
  )
  client.socket.send('{"action":"ping"}')
  await until('the pong', async () => client.frames.some((frame) => frame.type === 'pong'))
})

test('shows nothing of another site, even if a frame names that site', async () => {
  await using client = await subscriber(deployment, office, ['endpoints', 'calls'])
  client.socket.send('{"action":"subscribe","site":"frames-other","topics":["endpoints"]}')
  await until('the answer', async () => client.frames.filter(({ type }) => type === 'snapshot').length === 3)
  expect(client.entities().filter((id) => id.includes('9999'))).toEqual([])
})

test('closes the socket that sent a frame of 33 KB with 1009, and no other socket', async () => {
  await using client = await subscriber(deployment, office, ['endpoints'])
  await using neighbour = await subscriber(deployment, office, ['endpoints'])
  const closed = once(client.socket, 'close')
  client.socket.send('x'.repeat(33 * 1_024))
  expect((await closed)[0]).toBe(1009)
  neighbour.socket.send('{"action":"ping"}')
  await until('the pong', async () => neighbour.frames.some((frame) => frame.type === 'pong'))
})

test('refuses an expired ticket', async () => {
  const url = await ticketUrl(deployment, office)
  const tickets = (await deployment.items('AccessTable')).filter(
    ({ pk, site }) => String(pk).startsWith('TK#') && site === 'frames-office',
  )
  for (const ticket of tickets) await deployment.put('AccessTable', { ...ticket, expiresAt: Date.now() - 1 })
  const [error] = await once(new WebSocket(url), 'error')
  expect(String(error)).toMatch(/40[13]/)
})

test('answers each frame of a flood, and pushes a change to another client meanwhile', async () => {
  await using flooder = await subscriber(deployment, office, ['calls'])
  await using neighbour = await subscriber(deployment, office, ['endpoints'])
  const frames = 200
  for (let n = 0; n < frames; n += 1) flooder.socket.send(n % 2 ? 'hello' : '{"action":"ping"}')
  await deployment.send(office, 'live', [endpointFact('frames-office', [5, 1], '5860', 'RINGING')])
  await neighbour.untilState('PJSIP/5860', 'RINGING')
  await until(
    'every answer',
    async () => flooder.frames.filter(({ type }) => type === 'pong' || type === 'error').length >= frames,
  )
})
