import { expect, test } from 'vitest'
import { call, endpoint } from '../browser/support/facts.ts'
import { clientSetting, untilSoon } from '../support/client-setting.ts'

const minute = 60_000

test('closes a socket that does not answer the subscription within 10 s', async () => {
  const { peer, clock, errors } = await clientSetting((peer) => {
    peer.answersSubscriptions = false
  })
  await untilSoon(() => peer.sockets.size === 1 && clock.delaysMs.includes(10_000))
  clock.advance(10_000)
  await untilSoon(() => peer.sockets.size === 0)
  expect(errors).toMatchObject([{ errorId: 'socket-lost' }])
})

test('pings every minute while the page is visible, every five minutes while it is hidden, and at once when shown again', async () => {
  const { peer, clock, environment, live } = await clientSetting()
  await untilSoon(() => live.status.state === 'connected')
  const before = live.heard?.learntAt ?? 0
  clock.advance(minute)
  await untilSoon(() => peer.pings === 1 && (live.heard?.learntAt ?? 0) > before)
  environment.visible = false
  clock.advance(minute)
  await untilSoon(() => peer.pings === 2)
  await untilSoon(() => clock.delaysMs[0] === 5 * minute)
  clock.advance(4 * minute)
  expect(peer.pings).toBe(2)
  environment.become({ visible: true })
  await untilSoon(() => peer.pings === 3)
})

test('reconnects if a ping is not answered within 10 s', async () => {
  const { peer, clock, live } = await clientSetting((peer) => {
    peer.answersPings = false
  })
  await untilSoon(() => live.status.state === 'connected')
  clock.advance(minute)
  await untilSoon(() => peer.pings === 1)
  clock.advance(9_999)
  expect(live.status.state).toBe('connected')
  clock.advance(1)
  expect(live.status.state).toBe('reconnecting')
  clock.advance(1_000)
  await untilSoon(() => live.status.state === 'connected' && peer.sockets.size === 1)
})

test('reports since when it is offline, and reconnects at once when the network is back', async () => {
  const { peer, clock, environment, live, statuses } = await clientSetting()
  await untilSoon(() => live.status.state === 'connected')
  environment.become({ online: false })
  peer.drop()
  await untilSoon(() => live.status.state === 'offline')
  expect(live.status.since).toBe(clock.now())
  environment.become({ online: true })
  await untilSoon(() => live.status.state === 'connected')
  expect(statuses).toEqual(['connected', 'offline', 'reconnecting', 'connected'])
})

test('opens the next socket after 110 minutes and closes the old one when the new one has its snapshot', async () => {
  const { peer, clock, live, statuses } = await clientSetting(({ calls }) => calls.set('1.1', call('1.1', 'answered')))
  await untilSoon(() => live.status.state === 'connected')
  const [old] = peer.sockets
  for (let passed = 0; passed < 109; passed++) {
    clock.advance(minute)
    await untilSoon(() => peer.pings === passed + 1 && clock.delaysMs.includes(minute))
  }
  expect(peer.sockets.size).toBe(1)
  peer.answersSubscriptions = false
  clock.advance(minute)
  await untilSoon(() => peer.sockets.size === 2 && clock.delaysMs.includes(10_000))
  peer.push('calls', [call('1.2', 'ringing')])
  await untilSoon(() => live.calls.has('1.2'))
  peer.answersSubscriptions = true
  clock.advance(30_000)
  await untilSoon(() => peer.sockets.size === 1)
  clock.advance(1_000)
  await untilSoon(
    () => peer.ticketsUsed.length === 3 && peer.sockets.size === 1 && ![...peer.sockets].includes(old as never),
  )
  expect([...live.calls.keys()]).toEqual(['1.1', '1.2'])
  expect(statuses).toEqual(['connected'])
})

test('misses no change in 24 hours with 13 changes of socket, and leaves no socket or timer open', async () => {
  // Hidden, so that one ping is due at each step. The test waits for its pong in real time.
  const { peer, clock, live, statuses } = await clientSetting((_, environment) => {
    environment.visible = false
  })
  await untilSoon(() => live.status.state === 'connected')
  const timers = clock.timers
  const seen: string[] = []
  live.on('change', (changes) => {
    for (const { entity } of changes) if (entity) seen.push(entity.v)
  })
  const sent: string[] = []
  for (let passed = 5; passed <= 24 * 60; passed += 5) {
    const change = endpoint('5860', passed % 2 ? 'INUSE' : 'NOT_INUSE')
    sent.push(change.v)
    peer.push('endpoints', [change])
    const pinged = peer.pings
    const tickets = peer.ticketsUsed.length
    clock.advance(5 * minute)
    await untilSoon(() => peer.pings > pinged && seen.length === sent.length)
    if (passed % 110 === 0) await untilSoon(() => peer.ticketsUsed.length > tickets)
    await untilSoon(() => peer.sockets.size === 1 && clock.timers === timers && clock.delaysMs[0] === 5 * minute)
  }
  expect(seen).toEqual(sent)
  expect(peer.ticketsUsed).toHaveLength(14)
  expect(statuses).toEqual(['connected'])
})
