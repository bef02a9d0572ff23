import { once } from 'node:events'
import { beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type SharedDeployment, sharedDeployment, type TestSite } from '../support/deployment.ts'
import { callFact, endpointFact, epochReady } from '../support/facts.ts'
import { type Subscriber, subscriber, ticketUrl } from '../support/subscriber.ts'
import { until } from '../support/until.ts'

let deployment: SharedDeployment
let serial = 0
beforeAll(async () => {
  deployment = sharedDeployment()
})

async function siteWithSubscriber(): Promise<{ name: string; site: TestSite; client: Subscriber }> {
  serial += 1
  const name = `site-${serial}`
  const site = await deployment.makeSite(name)
  return { name, site, client: await subscriber(deployment, site, ['endpoints', 'calls']) }
}

test('sends a subscriber a snapshot first, then each change', async () => {
  const { name, site, client } = await siteWithSubscriber()
  await using _ = client
  expect(client.frames.map((frame) => [frame.type, 'topic' in frame && frame.topic])).toEqual([
    ['snapshot', 'endpoints'],
    ['snapshot', 'calls'],
  ])
  for (const [seq, state] of ['NOT_INUSE', 'RINGING', 'INUSE'].entries()) {
    await deployment.send(site, 'live', [endpointFact(name, [5, seq + 1], '5861', state)])
    await client.untilState('PJSIP/5861', state)
  }
  const states = client.statesOf('PJSIP/5861')
  expect(states).toEqual(['NOT_INUSE', 'RINGING', 'INUSE'])
})

test('a snapshot contains the facts that arrived before it, and a fact older than those is ignored', async () => {
  const { name, site, client } = await siteWithSubscriber()
  await using _ = client
  await deployment.send(site, 'live', [
    endpointFact(name, [5, 7], '5860', 'INUSE'),
    callFact(name, [5, 8], 'c1', 'answered'),
  ])
  await client.untilState('PJSIP/5860', 'INUSE')
  await deployment.send(site, 'live', [endpointFact(name, [5, 3], '5860', 'RINGING')])
  await deployment.send(site, 'live', [endpointFact(name, [5, 9], '5861', 'RINGING')])
  await client.untilState('PJSIP/5861', 'RINGING')
  expect(client.statesOf('PJSIP/5860')).toEqual(['INUSE'])
  await using second = await subscriber(deployment, site, ['endpoints', 'calls'])
  expect(second.statesOf('PJSIP/5860')).toEqual(['INUSE'])
  expect(second.statesOf('c1')).toEqual(['answered'])
})

test('removes an ended call from the snapshot, and an older fact does not bring it back', async () => {
  const { name, site, client } = await siteWithSubscriber()
  await using _ = client
  await deployment.send(site, 'live', [callFact(name, [5, 2], 'c1', 'answered')])
  await client.untilState('c1', 'answered')
  await deployment.send(site, 'live', [callFact(name, [5, 3], 'c1', 'ended')])
  await client.untilState('c1', 'ended')
  await deployment.send(site, 'live', [
    callFact(name, [5, 1], 'c1', 'ringing'),
    callFact(name, [5, 4], 'c2', 'ringing'),
  ])
  await client.untilState('c2', 'ringing')
  await using second = await subscriber(deployment, site, ['calls'])
  expect(second.statesOf('c1')).toEqual([])
  expect(second.statesOf('c2')).toEqual(['ringing'])
})

test('ends calls and removes endpoints that a new epoch does not list', async () => {
  const { name, site, client } = await siteWithSubscriber()
  await using _ = client
  await deployment.send(site, 'live', [
    callFact(name, [5, 1], 'lost', 'answered'),
    callFact(name, [5, 2], 'kept', 'answered'),
    endpointFact(name, [5, 3], '5860', 'INUSE'),
    endpointFact(name, [5, 4], '9999', 'NOT_INUSE'),
  ])
  await client.untilState('kept', 'answered')
  await deployment.send(site, 'live', [
    callFact(name, [6, 1], 'kept', 'answered'),
    endpointFact(name, [6, 2], '5860', 'INUSE'),
    epochReady(name, [6, 3], { liveCalls: ['kept'], endpoints: ['PJSIP/5860'] }),
  ])
  await client.untilState('lost', 'ended')
  await until('the removal', async () =>
    client.frames.some((frame) => frame.type === 'delta' && frame.removed?.some(({ id }) => id === 'PJSIP/9999')),
  )
  await using second = await subscriber(deployment, site, ['endpoints', 'calls'])
  expect(second.entities()).toEqual(['PJSIP/5860', 'kept'])
})

test('a fact of an older epoch creates no live call, but a fact with an old time from a PBX with a slow clock does', async () => {
  const { name, site, client } = await siteWithSubscriber()
  await using _ = client
  await deployment.send(site, 'live', [epochReady(name, [9, 1], { liveCalls: [], endpoints: [] })])
  await until('the epoch', async () =>
    (await deployment.items('LiveTable')).some((item) => item['pk'] === name && item['epoch'] === 9),
  )
  const slow = new Date(Date.now() - 300_000).toISOString()
  await deployment.send(site, 'live', [
    callFact(name, [8, 5], 'older', 'answered'),
    callFact(name, [9, 2], 'slow', 'answered', slow),
    callFact(name, [9, 3], 'now', 'answered'),
  ])
  await client.untilState('now', 'answered')
  expect(client.statesOf('older')).toEqual([])
  expect(client.statesOf('slow')).toEqual(['answered'])
})

test('removes a client that is gone and keeps pushing to the others', async () => {
  const { name, site, client } = await siteWithSubscriber()
  await using _ = client
  const gone = await subscriber(deployment, site, ['endpoints'])
  gone.socket.terminate()
  await deployment.send(site, 'live', [endpointFact(name, [5, 1], '5860', 'INUSE')])
  await client.untilState('PJSIP/5860', 'INUSE')
  await until('one subscription', async () => {
    const rows = await deployment.items('LiveTable')
    return rows.filter((row) => row['pk'] === `${name}#S#endpoints`).length === 1
  })
})

test('a ticket opens one socket only once, and an invented or missing ticket opens none', async () => {
  const { site, client } = await siteWithSubscriber()
  await using _ = client
  const url = await ticketUrl(deployment, site)
  await using first = await subscriber(deployment, site, ['calls'], url)
  expect(first.frames).toHaveLength(1)
  for (const refused of [url, `${url}x`, url.replace(/\?.*/, '')]) {
    const socket = new WebSocket(refused)
    const [error] = await once(socket, 'error')
    expect(String(error)).toMatch(/40[13]/)
  }
})

test.each([
  ['not JSON', 'hello', 'frame-not-json'],
  ['an unknown action', '{"action":"shout"}', 'frame-invalid'],
  ['an unknown topic', '{"action":"subscribe","topics":["weather"]}', 'frame-invalid'],
  ['no topic', '{"action":"subscribe","topics":[]}', 'frame-invalid'],
  ['9 KB of text', `"${'x'.repeat(9_000)}"`, 'frame-too-large'],
])('answers an invalid frame (%s) with an error and keeps the socket open', async (_, text, errorId) => {
  const { client } = await siteWithSubscriber()
  await using _client = client
  client.socket.send(text)
  await until('the error', async () =>
    client.frames.some((frame) => frame.type === 'error' && frame.errorId === errorId),
  )
  client.socket.send('{"action":"ping"}')
  await until('the pong', async () => client.frames.some((frame) => frame.type === 'pong'))
})
