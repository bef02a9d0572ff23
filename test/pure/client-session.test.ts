import { expect, onTestFinished, test } from 'vitest'
import { WebSocket as WsSocket } from 'ws'
import { callLog } from '../../client/call-log.ts'
import { changes } from '../../client/changes.ts'
import { type Change, type ConnectOptions, connect } from '../../client/index.ts'
import { call, cdr, endpoint } from '../browser/support/facts.ts'
import { type Peer, startPeer } from '../browser/support/peer.ts'
import { VirtualClock } from '../browser/support/virtual-clock.ts'

const minute = 60_000

/** The page's own view of the network and of itself, as a test says it is. */
class ScriptedSurroundings {
  visible = true
  online = true
  #told: (() => void) | undefined
  isVisible = () => this.visible
  isOnline = () => this.online
  watch = (onChange: () => void) => {
    this.#told = onChange
  }
  become(next: { visible?: boolean; online?: boolean }): void {
    Object.assign(this, next)
    this.#told?.()
  }
}

async function setting(
  prepare?: (peer: Peer, surroundings: ScriptedSurroundings) => void,
  options: Partial<ConnectOptions> = {},
) {
  const peer = await startPeer()
  const clock = new VirtualClock()
  const surroundings = new ScriptedSurroundings()
  prepare?.(peer, surroundings)
  const live = connect({ apiUrl: peer.apiUrl, site: peer.site, key: peer.key, clock, surroundings, ...options })
  const statuses: string[] = []
  const errors: Error[] = []
  live.on('status', ({ state }) => statuses.push(state))
  live.on('error', (error) => errors.push(error))
  onTestFinished(async () => {
    live.stop()
    await peer[Symbol.asyncDispose]()
  })
  return { peer, clock, surroundings, live, statuses, errors }
}

const soon = { timeout: 4_000, interval: 2 }
const until = (condition: () => boolean) => expect.poll(condition, soon).toBe(true)

test('gets a ticket, subscribes, shows the snapshot and follows the deltas', async () => {
  const { peer, live } = await setting(({ endpoints }) => endpoints.set('PJSIP/5860', endpoint('5860', 'NOT_INUSE')))
  await until(() => live.status.state === 'connected')
  expect(live.endpoints.get('PJSIP/5860')?.state.deviceState).toBe('NOT_INUSE')
  peer.push('endpoints', [endpoint('5860', 'RINGING')])
  await until(() => live.endpoints.get('PJSIP/5860')?.state.deviceState === 'RINGING')
  peer.push('calls', [call('1.1', 'ringing')])
  await until(() => live.calls.has('1.1'))
  const ended = new Promise((resolve) => live.on('change', ([change]) => change?.kind === 'gone' && resolve(change.id)))
  peer.push('calls', [call('1.1', 'ended')])
  expect(await ended).toBe('1.1')
  expect(live.calls.size).toBe(0)
})

test('works over the ws package too, for a Node without a WebSocket of its own', async () => {
  const { live } = await setting(({ calls }) => calls.set('1.1', call('1.1', 'answered')), { WebSocket: WsSocket })
  await until(() => live.status.state === 'connected' && live.calls.has('1.1'))
})

test('subscribes only to the topics asked for', async () => {
  const { peer, live } = await setting(({ calls }) => calls.set('1.1', call('1.1', 'answered')), {
    topics: ['endpoints'],
  })
  await until(() => live.status.state === 'connected')
  expect(live.calls.size).toBe(0)
  expect(peer.sockets.size).toBe(1)
})

test('puts a snapshot in several parts together before it says that it is connected', async () => {
  const { live } = await setting((peer) => {
    peer.partsPerSnapshot = 3
    for (const n of ['1', '2', '3', '4', '5']) peer.endpoints.set(`PJSIP/${n}`, endpoint(n, 'NOT_INUSE'))
  })
  live.on('status', ({ state }) => state === 'connected' && expect(live.endpoints.size).toBe(5))
  await until(() => live.status.state === 'connected')
  expect(live.endpoints.size).toBe(5)
})

test('after the network drops it comes back with a new ticket and corrects what it missed', async () => {
  const { peer, clock, live, statuses } = await setting((peer) => {
    peer.endpoints.set('PJSIP/5860', endpoint('5860', 'INUSE'))
    peer.calls.set('1.1', call('1.1', 'answered'))
  })
  await until(() => live.status.state === 'connected')
  peer.drop()
  await until(() => live.status.state === 'reconnecting')
  peer.endpoints.set('PJSIP/5860', endpoint('5860', 'NOT_INUSE'))
  peer.calls.clear()
  expect(live.calls.size).toBe(1)
  clock.advance(1_000)
  await until(() => live.status.state === 'connected')
  expect(live.endpoints.get('PJSIP/5860')?.state.deviceState).toBe('NOT_INUSE')
  expect(live.calls.size).toBe(0)
  expect(peer.ticketsUsed).toEqual(['ticket-1', 'ticket-2'])
  expect(statuses).toEqual(['connected', 'reconnecting', 'connected'])
})

test('keeps trying for ever, the waits doubling under full jitter up to 30 s, and starts over after a success', async () => {
  const { peer, clock, live, errors } = await setting((peer) => {
    peer.refusal = { status: 503, errorId: 'cloud-down', detail: 'Down.' }
  })
  const waits: number[] = []
  for (let tried = 1; tried <= 12; tried++) {
    await until(() => errors.length === tried)
    expect(errors.at(-1)).toMatchObject({ errorId: 'cloud-down', status: 503 })
    waits.push(...clock.delaysMs)
    clock.advance(clock.delaysMs[0] ?? 0)
  }
  expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, ...Array(7).fill(15_000)])
  await until(() => errors.length === 13)
  peer.refusal = undefined
  clock.advance(30_000)
  await until(() => live.status.state === 'connected')
  peer.drop()
  await until(() => live.status.state === 'reconnecting')
  expect(clock.delaysMs).toEqual([500])
})

test('says that its key is refused, and asks again each 30 s in case it is given back', async () => {
  const { peer, clock, live, errors } = await setting((peer) => {
    peer.refusal = { status: 401, errorId: 'bad-key', detail: 'The key is not known.' }
  })
  await until(() => live.status.state === 'refused')
  expect(errors).toMatchObject([{ errorId: 'bad-key', message: 'The key is not known.' }])
  expect(clock.delaysMs).toEqual([30_000])
  peer.refusal = undefined
  clock.advance(30_000)
  await until(() => live.status.state === 'connected')
})

test('an error in answer to the subscription ends the try, a later one is only told', async () => {
  const { peer, clock, live, errors } = await setting((peer) => {
    peer.answersSubscriptions = false
  })
  await until(() => peer.sockets.size === 1)
  peer.say({ type: 'error', errorId: 'unknown-topic', detail: 'No such topic.' })
  await until(() => errors.length === 1 && peer.sockets.size === 0 && (clock.delaysMs[0] ?? minute) <= 1_000)
  peer.answersSubscriptions = true
  clock.advance(1_000)
  await until(() => live.status.state === 'connected')
  peer.say({ message: 'Internal server error', connectionId: 'x', requestId: 'y' })
  await until(() => errors.length === 2)
  expect(errors).toMatchObject([{ errorId: 'unknown-topic' }, { errorId: 'cloud-failed' }])
  expect(live.status.state).toBe('connected')
})

test('a socket that opens but answers nothing is given up after 10 s', async () => {
  const { peer, clock, errors } = await setting((peer) => {
    peer.answersSubscriptions = false
  })
  await until(() => peer.sockets.size === 1 && clock.delaysMs.includes(10_000))
  clock.advance(10_000)
  await until(() => peer.sockets.size === 0)
  expect(errors).toMatchObject([{ errorId: 'socket-lost' }])
})

test('frames of the future and frames that are not JSON change nothing', async () => {
  const { peer, live, errors } = await setting()
  await until(() => live.status.state === 'connected')
  for (const frame of ['not json', '[]', 'null', { type: 'future' }, { type: 'delta', topic: 'stats', entities: [] }]) {
    peer.say(frame)
  }
  peer.push('endpoints', [endpoint('5860', 'RINGING')])
  await until(() => live.endpoints.size === 1)
  expect(errors).toEqual([])
})

test('pings each minute while it is looked at, each five when not, and at once when it is again', async () => {
  const { peer, clock, surroundings, live } = await setting()
  await until(() => live.status.state === 'connected')
  const before = live.heard?.learntAt ?? 0
  clock.advance(minute)
  await until(() => peer.pings === 1 && (live.heard?.learntAt ?? 0) > before)
  surroundings.visible = false
  clock.advance(minute)
  await until(() => peer.pings === 2)
  await until(() => clock.delaysMs[0] === 5 * minute)
  clock.advance(4 * minute)
  expect(peer.pings).toBe(2)
  surroundings.become({ visible: true })
  await until(() => peer.pings === 3)
})

test('a socket without a pong for 10 s is dead, though nobody closed it', async () => {
  const { peer, clock, live } = await setting((peer) => {
    peer.answersPings = false
  })
  await until(() => live.status.state === 'connected')
  clock.advance(minute)
  await until(() => peer.pings === 1)
  clock.advance(9_999)
  expect(live.status.state).toBe('connected')
  clock.advance(1)
  expect(live.status.state).toBe('reconnecting')
  clock.advance(1_000)
  await until(() => live.status.state === 'connected' && peer.sockets.size === 1)
})

test('says that it is offline and since when, and connects at once when the network is back', async () => {
  const { peer, clock, surroundings, live, statuses } = await setting()
  await until(() => live.status.state === 'connected')
  surroundings.become({ online: false })
  peer.drop()
  await until(() => live.status.state === 'offline')
  expect(live.status.since).toBe(clock.now())
  surroundings.become({ online: true })
  await until(() => live.status.state === 'connected')
  expect(statuses).toEqual(['connected', 'offline', 'reconnecting', 'connected'])
})

test('opens the next socket at 110 minutes and closes the old one only when the new one has its snapshot', async () => {
  const { peer, clock, live, statuses } = await setting(({ calls }) => calls.set('1.1', call('1.1', 'answered')))
  await until(() => live.status.state === 'connected')
  const [old] = peer.sockets
  for (let passed = 0; passed < 109; passed++) {
    clock.advance(minute)
    await until(() => peer.pings === passed + 1 && clock.delaysMs.includes(minute))
  }
  expect(peer.sockets.size).toBe(1)
  peer.answersSubscriptions = false
  clock.advance(minute)
  await until(() => peer.sockets.size === 2 && clock.delaysMs.includes(10_000))
  peer.push('calls', [call('1.2', 'ringing')])
  await until(() => live.calls.has('1.2'))
  peer.answersSubscriptions = true
  clock.advance(30_000)
  await until(() => peer.sockets.size === 1)
  clock.advance(1_000)
  await until(
    () => peer.ticketsUsed.length === 3 && peer.sockets.size === 1 && ![...peer.sockets].includes(old as never),
  )
  expect([...live.calls.keys()]).toEqual(['1.1', '1.2'])
  expect(statuses).toEqual(['connected'])
})

test('24 hours with a change each five minutes and 13 changes of socket: nothing missed, nothing left behind', async () => {
  // Out of view, so that a ping falls due with each step and never between two: its pong is waited for in real time.
  const { peer, clock, live, statuses } = await setting((_, surroundings) => {
    surroundings.visible = false
  })
  await until(() => live.status.state === 'connected')
  const timers = clock.timers
  const seen: string[] = []
  live.on('change', (changes) => {
    for (const { entity } of changes) if (entity) seen.push(entity.v)
  })
  const told: string[] = []
  for (let passed = 5; passed <= 24 * 60; passed += 5) {
    const change = endpoint('5860', passed % 2 ? 'INUSE' : 'NOT_INUSE')
    told.push(change.v)
    peer.push('endpoints', [change])
    const pinged = peer.pings
    const tickets = peer.ticketsUsed.length
    clock.advance(5 * minute)
    await until(() => peer.pings > pinged && seen.length === told.length)
    if (passed % 110 === 0) await until(() => peer.ticketsUsed.length > tickets)
    await until(() => peer.sockets.size === 1 && clock.timers === timers && clock.delaysMs[0] === 5 * minute)
  }
  expect(seen).toEqual(told)
  expect(peer.ticketsUsed).toHaveLength(14)
  expect(statuses).toEqual(['connected'])
}, 20_000)

test('the iterator gives each change in order and ends when the client is stopped', async () => {
  const { peer, clock, live, statuses } = await setting()
  const seen: Change[] = []
  const read = (async () => {
    for await (const change of changes(live)) seen.push(change)
  })()
  await until(() => live.status.state === 'connected')
  peer.push('endpoints', [endpoint('5860', 'RINGING'), endpoint('5861', 'INUSE')])
  await until(() => seen.length === 2)
  live.stop()
  await read
  expect(seen.map(({ id }) => id)).toEqual(['PJSIP/5860', 'PJSIP/5861'])
  expect(statuses.at(-1)).toBe('stopped')
  expect(clock.timers).toBe(0)
  await until(() => peer.sockets.size === 0)
})

test('a slow reader of the iterator gets the newest change of each entity instead of an endless queue', async () => {
  const { peer, live } = await setting()
  await until(() => live.status.state === 'connected')
  const iterator = changes(live)
  let last = ''
  for (let n = 0; n < 1_001; n++) {
    const change = endpoint('5860', 'INUSE')
    last = change.v
    peer.push('endpoints', [change])
  }
  await until(() => live.endpoints.get('PJSIP/5860')?.v === last)
  expect((await iterator.next()).value).toMatchObject({ id: 'PJSIP/5860', entity: { v: last } })
  live.stop()
  expect(await iterator.next()).toEqual({ done: true, value: undefined })
})

test('a listener that throws is reported as uncaught and keeps no other from hearing', async () => {
  const { live } = await setting()
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  onTestFinished(() => {
    for (const listener of others) process.on('uncaughtException', listener)
  })
  const thrown = new Promise((resolve) => process.once('uncaughtException', resolve))
  const off = live.on('status', () => {
    off()
    throw new Error('from a listener')
  })
  const heard = new Promise((resolve) => live.on('status', resolve))
  expect(await heard).toMatchObject({ state: 'connected' })
  expect(await thrown).toMatchObject({ message: 'from a listener' })
})

test('reads the call log page by page, and turns a problem into an error with its id', async () => {
  const { peer } = await setting()
  const reader = callLog({ apiUrl: peer.apiUrl, site: peer.site, key: peer.key })
  peer.cdrs = ['1.1', '1.2', '1.3'].map((id) => cdr(id))
  const first = await reader.listCdrs({ limit: 2 })
  expect(first.cdrs.map(({ linkedid }) => linkedid)).toEqual(['1.1', '1.2'])
  const second = await reader.listCdrs({ limit: 2, cursor: first.cursor ?? '' })
  expect(second).toMatchObject({ cdrs: [{ linkedid: '1.3' }] })
  expect(second.cursor).toBeUndefined()
  peer.refusal = { status: 400, errorId: 'bad-cursor', detail: 'The cursor is not one of ours.' }
  await expect(reader.listCdrs({ cursor: 'x' })).rejects.toMatchObject({
    name: 'ApiError',
    errorId: 'bad-cursor',
    status: 400,
    message: 'The cursor is not one of ours.',
  })
})

test('an API that cannot be reached is an error worth a retry that names the host and never the key', async () => {
  const { live, errors } = await setting(undefined, { apiUrl: 'http://127.0.0.1:1' })
  await until(() => errors.length === 1)
  expect(errors[0]).toMatchObject({ errorId: 'unreachable', message: 'No answer from 127.0.0.1:1.' })
  expect(live.status.state).toBe('reconnecting')
  await expect(
    callLog({ apiUrl: 'http://127.0.0.1:1', site: 'demo', key: 'test-key' }).listEndpoints(),
  ).rejects.toSatisfy((error: { shouldRetry(): boolean }) => error.shouldRetry())
})
