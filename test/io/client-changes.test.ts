import { expect, onTestFinished, test } from 'vitest'
import { callLog } from '../../client/call-log.ts'
import { changes } from '../../client/changes.ts'
import type { Change } from '../../client/index.ts'
import { endedCall, endpoint } from '../browser/support/facts.ts'
import { clientSetting, untilSoon } from '../support/client-setting.ts'

test('the iterator yields each change in order and ends when the client stops', async () => {
  const { peer, clock, live, statuses } = await clientSetting()
  const seen: Change[] = []
  const read = (async () => {
    for await (const change of changes(live)) seen.push(change)
  })()
  await untilSoon(() => live.status.state === 'connected')
  peer.push('endpoints', [endpoint('5860', 'RINGING'), endpoint('5861', 'INUSE')])
  await untilSoon(() => seen.length === 2)
  live.stop()
  await read
  expect(seen.map(({ id }) => id)).toEqual(['PJSIP/5860', 'PJSIP/5861'])
  expect(statuses.at(-1)).toBe('stopped')
  expect(clock.timers).toBe(0)
  await untilSoon(() => peer.sockets.size === 0)
})

test('a slow reader of the iterator gets only the newest change of each entity after 1,000 changes', async () => {
  const { peer, live } = await clientSetting()
  await untilSoon(() => live.status.state === 'connected')
  const iterator = changes(live)
  let last = ''
  for (let n = 0; n < 1_001; n++) {
    const change = endpoint('5860', 'INUSE')
    last = change.v
    peer.push('endpoints', [change])
  }
  await untilSoon(() => live.endpoints.get('PJSIP/5860')?.v === last)
  expect((await iterator.next()).value).toMatchObject({ id: 'PJSIP/5860', entity: { v: last } })
  live.stop()
  expect(await iterator.next()).toEqual({ done: true, value: undefined })
})

test('an error of a listener is reported as uncaught, and the other listeners are still called', async () => {
  const { live } = await clientSetting()
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
  const status = new Promise((resolve) => live.on('status', resolve))
  expect(await status).toMatchObject({ state: 'connected' })
  expect(await thrown).toMatchObject({ message: 'from a listener' })
})

test('reads the call log page by page, and rejects with the errorId that the API answers', async () => {
  const { peer } = await clientSetting()
  const reader = callLog({ apiUrl: peer.apiUrl, site: peer.site, key: peer.key })
  peer.ended = ['1.1', '1.2', '1.3'].map((id) => endedCall(id))
  const first = await reader.listCalls({ limit: '2' })
  expect(first.calls.map(({ call }) => call)).toEqual(['1.1', '1.2'])
  const second = await reader.listCalls({ limit: '2', cursor: first.cursor ?? '' })
  expect(second).toMatchObject({ calls: [{ call: '1.3' }] })
  expect(second.cursor).toBeUndefined()
  peer.refusal = { status: 400, errorId: 'bad-cursor', detail: 'The cursor is not one of ours.' }
  await expect(reader.listCalls({ cursor: 'x' })).rejects.toMatchObject({
    name: 'ApiError',
    errorId: 'bad-cursor',
    status: 400,
    message: 'The cursor is not one of ours.',
  })
})

test('an unreachable API gives a retryable error that names the host and never the key', async () => {
  const { live, errors } = await clientSetting(undefined, { apiUrl: 'http://127.0.0.1:1' })
  await untilSoon(() => errors.length === 1)
  expect(errors[0]).toMatchObject({ errorId: 'unreachable', message: 'No answer from 127.0.0.1:1.' })
  expect(live.status.state).toBe('reconnecting')
  await expect(
    callLog({ apiUrl: 'http://127.0.0.1:1', site: 'demo', key: 'test-key' }).listEndpoints(),
  ).rejects.toSatisfy((error: { shouldRetry(): boolean }) => error.shouldRetry())
})
