import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { Clock } from '../../infra/local/clock.ts'
import { createConnections } from '../../infra/local/socket/connections.ts'

const minuteMs = 60_000

/** A clock that stands still until `advance` is called. */
function manualClock(): Clock & { advance(ms: number): void } {
  let nowMs = 0
  const timers = new Set<{ at: number; callback: () => void }>()
  return {
    elapsedMs: () => nowMs,
    after(ms, callback) {
      const timer = { at: nowMs + ms, callback }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    advance(ms) {
      nowMs += ms
      for (const timer of [...timers].filter(({ at }) => at <= nowMs)) {
        timers.delete(timer)
        timer.callback()
      }
    },
  }
}

/** Opens a real WebSocket whose server end is in the list of connections. */
async function openConnection() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())))
  await once(server, 'listening')
  const address = server.address()
  const accepted = once(server, 'connection')
  const client = new WebSocket(`ws://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`)
  const closed = once(client, 'close').then(([code]) => code as number)
  const [[socket]] = await Promise.all([accepted, once(client, 'open')])
  const clock = manualClock()
  const connections = createConnections(clock)
  const connection = connections.create({ sourceIp: '127.0.0.1', userAgent: '' }, undefined)
  connections.open(connection, socket)
  return { clock, connections, connection, closed, isOpen: () => socket.readyState === WebSocket.OPEN }
}

test('closes a connection with 1001 after 10 minutes without activity', async () => {
  const { clock, connections, connection, closed, isOpen } = await openConnection()
  clock.advance(9 * minuteMs)
  connections.touch(connection)
  clock.advance(9 * minuteMs)
  expect(isOpen()).toBe(true)
  clock.advance(minuteMs)
  expect(await closed).toBe(1001)
})

test('closes a connection with 1001 after 2 hours, however active it is', async () => {
  const { clock, connections, connection, closed, isOpen } = await openConnection()
  for (let minutes = 0; minutes < 119; minutes += 1) {
    clock.advance(minuteMs)
    expect(connections.post(connection.id, '{}')).toBe('sent')
  }
  expect(isOpen()).toBe(true)
  clock.advance(minuteMs)
  expect(await closed).toBe(1001)
})
