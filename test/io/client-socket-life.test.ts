import { expect, test } from 'vitest'
import { call } from '../browser/support/facts.ts'
import { clientSetting, untilSoon } from '../support/client-setting.ts'

const minute = 60_000
const pingMs = 45_000

test('closes a socket that does not answer the subscription within 10 s', async () => {
  const { peer, clock, errors } = await clientSetting((peer) => {
    peer.answersSubscriptions = false
  })
  await untilSoon(() => peer.sockets.size === 1 && clock.delaysMs.includes(10_000))
  clock.advance(10_000)
  await untilSoon(() => peer.sockets.size === 0)
  expect(errors).toMatchObject([{ errorId: 'socket-lost' }])
})

test('pings every 45 s, and at once when the page is shown again', async () => {
  const { peer, clock, environment, live } = await clientSetting()
  await untilSoon(() => live.status.state === 'connected')
  const before = live.heard?.learntAt ?? 0
  clock.advance(pingMs)
  await untilSoon(() => peer.pings === 1 && (live.heard?.learntAt ?? 0) > before)
  environment.visible = false
  clock.advance(pingMs - 1)
  expect(peer.pings).toBe(1)
  environment.become({ visible: true })
  await untilSoon(() => peer.pings === 2)
})

test('reconnects if a ping is not answered within 10 s', async () => {
  const { peer, clock, live } = await clientSetting((peer) => {
    peer.answersPings = false
  })
  await untilSoon(() => live.status.state === 'connected')
  clock.advance(pingMs)
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
  for (let passed = pingMs; passed < 110 * minute; passed += pingMs) {
    clock.advance(pingMs)
    await untilSoon(() => peer.pings === passed / pingMs && clock.delaysMs.includes(pingMs))
  }
  expect(peer.sockets.size).toBe(1)
  peer.answersSubscriptions = false
  clock.advance(30_000)
  await untilSoon(() => peer.sockets.size === 2 && clock.delaysMs.includes(10_000))
  peer.push('calls', [call('1.2', 'ringing')])
  await untilSoon(() => live.calls.has('1.2'))
  peer.answersSubscriptions = true
  clock.advance(10_000)
  await untilSoon(() => peer.sockets.size === 1)
  clock.advance(1_000)
  await untilSoon(
    () => peer.ticketsUsed.length === 3 && peer.sockets.size === 1 && ![...peer.sockets].includes(old as never),
  )
  expect([...live.calls.keys()]).toEqual(['1.1', '1.2'])
  expect(statuses).toEqual(['connected'])
})
