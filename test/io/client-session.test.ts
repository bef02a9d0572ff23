import { expect, test } from 'vitest'
import { WebSocket as WsSocket } from 'ws'
import { call, endpoint } from '../browser/support/facts.ts'
import { clientSetting, untilSoon } from '../support/client-setting.ts'

const minute = 60_000

test('requests a ticket, subscribes, shows the snapshot and applies the deltas', async () => {
  const { peer, live } = await clientSetting(({ endpoints }) =>
    endpoints.set('PJSIP/5860', endpoint('5860', 'NOT_INUSE')),
  )
  await untilSoon(() => live.status.state === 'connected')
  expect(live.endpoints.get('PJSIP/5860')?.state.deviceState).toBe('NOT_INUSE')
  peer.push('endpoints', [endpoint('5860', 'RINGING')])
  await untilSoon(() => live.endpoints.get('PJSIP/5860')?.state.deviceState === 'RINGING')
  peer.push('calls', [call('1.1', 'ringing')])
  await untilSoon(() => live.calls.has('1.1'))
  const ended = new Promise((resolve) => live.on('change', ([change]) => change?.kind === 'gone' && resolve(change.id)))
  peer.push('calls', [call('1.1', 'ended')])
  expect(await ended).toBe('1.1')
  expect(live.calls.size).toBe(0)
})

test('works with the WebSocket class of the ws package', async () => {
  const { live } = await clientSetting(({ calls }) => calls.set('1.1', call('1.1', 'answered')), {
    WebSocket: WsSocket,
  })
  await untilSoon(() => live.status.state === 'connected' && live.calls.has('1.1'))
})

test('subscribes only to the topics in the options', async () => {
  const { peer, live } = await clientSetting(({ calls }) => calls.set('1.1', call('1.1', 'answered')), {
    topics: ['endpoints'],
  })
  await untilSoon(() => live.status.state === 'connected')
  expect(live.calls.size).toBe(0)
  expect(peer.sockets.size).toBe(1)
})

test('reports that it is connected only after all parts of a snapshot have arrived', async () => {
  const { live } = await clientSetting((peer) => {
    peer.partsPerSnapshot = 3
    for (const n of ['1', '2', '3', '4', '5']) peer.endpoints.set(`PJSIP/${n}`, endpoint(n, 'NOT_INUSE'))
  })
  live.on('status', ({ state }) => state === 'connected' && expect(live.endpoints.size).toBe(5))
  await untilSoon(() => live.status.state === 'connected')
  expect(live.endpoints.size).toBe(5)
})

test('after a lost connection the client reconnects with a new ticket and shows what it missed', async () => {
  const { peer, clock, live, statuses } = await clientSetting((peer) => {
    peer.endpoints.set('PJSIP/5860', endpoint('5860', 'INUSE'))
    peer.calls.set('1.1', call('1.1', 'answered'))
  })
  await untilSoon(() => live.status.state === 'connected')
  peer.drop()
  await untilSoon(() => live.status.state === 'reconnecting')
  peer.endpoints.set('PJSIP/5860', endpoint('5860', 'NOT_INUSE'))
  peer.calls.clear()
  expect(live.calls.size).toBe(1)
  clock.advance(1_000)
  await untilSoon(() => live.status.state === 'connected')
  expect(live.endpoints.get('PJSIP/5860')?.state.deviceState).toBe('NOT_INUSE')
  expect(live.calls.size).toBe(0)
  expect(peer.ticketsUsed).toEqual(['ticket-1', 'ticket-2'])
  expect(statuses).toEqual(['connected', 'reconnecting', 'connected'])
})

test('retries without end, after random waits whose maximum doubles up to 30 s and is 1 s again after a success', async () => {
  const { peer, clock, live, errors } = await clientSetting((peer) => {
    peer.refusal = { status: 503, errorId: 'cloud-down', detail: 'Down.' }
  })
  const waits: number[] = []
  for (let tried = 1; tried <= 12; tried++) {
    await untilSoon(() => errors.length === tried)
    expect(errors.at(-1)).toMatchObject({ errorId: 'cloud-down', status: 503 })
    waits.push(...clock.delaysMs)
    clock.advance(clock.delaysMs[0] ?? 0)
  }
  expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, ...Array(7).fill(15_000)])
  await untilSoon(() => errors.length === 13)
  peer.refusal = undefined
  clock.advance(30_000)
  await untilSoon(() => live.status.state === 'connected')
  peer.drop()
  await untilSoon(() => live.status.state === 'reconnecting')
  expect(clock.delaysMs).toEqual([500])
})

test('has the status `refused` if the API rejects its key, and retries every 30 s', async () => {
  const { peer, clock, live, errors } = await clientSetting((peer) => {
    peer.refusal = { status: 401, errorId: 'bad-key', detail: 'The key is not known.' }
  })
  await untilSoon(() => live.status.state === 'refused')
  expect(errors).toMatchObject([{ errorId: 'bad-key', message: 'The key is not known.' }])
  expect(clock.delaysMs).toEqual([30_000])
  peer.refusal = undefined
  clock.advance(30_000)
  await untilSoon(() => live.status.state === 'connected')
})

test('an error frame before the snapshot ends the connection attempt; one after the snapshot is only reported', async () => {
  const { peer, clock, live, errors } = await clientSetting((peer) => {
    peer.answersSubscriptions = false
  })
  await untilSoon(() => peer.sockets.size === 1)
  peer.say({ type: 'error', errorId: 'unknown-topic', detail: 'No such topic.' })
  await untilSoon(() => errors.length === 1 && peer.sockets.size === 0 && (clock.delaysMs[0] ?? minute) <= 1_000)
  peer.answersSubscriptions = true
  clock.advance(1_000)
  await untilSoon(() => live.status.state === 'connected')
  peer.say({ message: 'Internal server error', connectionId: 'x', requestId: 'y' })
  await untilSoon(() => errors.length === 2)
  expect(errors).toMatchObject([{ errorId: 'unknown-topic' }, { errorId: 'cloud-failed' }])
  expect(live.status.state).toBe('connected')
})

test('ignores unknown frames and frames that are not JSON', async () => {
  const { peer, live, errors } = await clientSetting()
  await untilSoon(() => live.status.state === 'connected')
  for (const frame of ['not json', '[]', 'null', { type: 'future' }, { type: 'delta', topic: 'stats', entities: [] }]) {
    peer.say(frame)
  }
  peer.push('endpoints', [endpoint('5860', 'RINGING')])
  await untilSoon(() => live.endpoints.size === 1)
  expect(errors).toEqual([])
})
