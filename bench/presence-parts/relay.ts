import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server } from 'socket.io'
import { io } from 'socket.io-client'
import { WebSocket, WebSocketServer } from 'ws'

/**
 * The report's own way, rebuilt: a script that reads ARI's WebSocket and gives each event to every page by socket.io, with
 * nothing stored, nothing repeated and nobody asked who they are. Milliseconds from Asterisk's send to the page.
 */
export async function relayTimes(count: number): Promise<number[]> {
  await using parts = new AsyncDisposableStack()
  const ari = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  parts.defer(() => ari.close())
  await once(ari, 'listening')
  const http = createServer()
  const relay = new Server(http)
  parts.defer(() => void relay.close())
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const script = new WebSocket(`ws://127.0.0.1:${(ari.address() as AddressInfo).port}/ari/events`)
  const [asterisk] = await once(ari, 'connection')
  script.on('message', (data) => {
    const event = JSON.parse(data.toString())
    if (event.type !== 'DeviceStateChanged') return
    relay.emit('etat', { date: event.timestamp, endpoint: event.device_state.name, etat: event.device_state.state })
  })
  const page = io(`http://127.0.0.1:${(http.address() as AddressInfo).port}`, { transports: ['websocket'] })
  parts.defer(() => void page.disconnect())
  await new Promise<void>((resolve) => page.once('connect', () => resolve()))
  const times: number[] = []
  for (let n = 0; n < count; n += 1) {
    const shown = new Promise((resolve) => page.once('etat', resolve))
    const started = performance.now()
    const device_state = { name: 'PJSIP/5860', state: n % 2 ? 'NOT_INUSE' : 'INUSE' }
    asterisk.send(JSON.stringify({ type: 'DeviceStateChanged', timestamp: new Date().toISOString(), device_state }))
    await shown
    times.push(performance.now() - started)
  }
  script.terminate()
  return times
}
