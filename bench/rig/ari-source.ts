import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { readRecording } from '../../infra/replay/recording.ts'

/**
 * A process in Asterisk's place, that sends the events of a recorded answered call again and again, each time with channels
 * of its own, to whoever connects. It filters nothing, as Asterisk does not until it is asked to.
 */

export interface Play {
  /** In all. */
  events: number
  /** A second; absent, as fast as they are taken. */
  rate?: number
  /** One call, each event when it was recorded. */
  asRecorded?: boolean
  /** Only this event of the call, each time another state. */
  only?: 'DeviceStateChanged'
}

/** Bytes that wait in the socket before the source waits for them to be taken. */
const waitingBytesMax = 4 * 1024 * 1024
const { lines } = await readRecording('internal_answered')
const noise = /"type":"(ChannelVarset|ChannelDialplan|ChannelConnectedLine|ChannelCallerId)"/
const calls = lines.map(({ text }) => text)
let isFiltered = false
let client: WebSocket | undefined
let made = 1

function stateOf(name: string, state: string): string {
  const said = { name, state }
  return JSON.stringify({ type: 'DeviceStateChanged', timestamp: '2026-11-23T19:03:10.079+0000', device_state: said })
}

function* frames(only: Play['only']): Generator<string> {
  for (;;) {
    made += 2
    if (only) {
      const state = made % 4 === 1 ? 'INUSE' : 'NOT_INUSE'
      yield stateOf('PJSIP/5860', state)
      continue
    }
    const seconds = 1_800_000_000 + made
    for (const text of calls) {
      const own = text.replaceAll('pbx1-1795460590.', `pbx1-${seconds}.`)
      yield isFiltered && noise.test(own) ? '' : own
    }
  }
}

/** Names a device that nothing else names: what comes after all that was played. */
const lastDevice = (play: number) => `PJSIP/last-${play}`
let plays = 0

async function playAsRecorded(): Promise<void> {
  process.send?.({ ready: true })
  const source = frames(undefined)
  const beginMs = performance.now()
  for (const { atMs } of lines) {
    const waitMs = beginMs + atMs - (lines[0]?.atMs ?? 0) - performance.now()
    if (waitMs > 1) await new Promise((resolve) => setTimeout(resolve, waitMs))
    const frame = source.next().value ?? ''
    if (frame !== '') client?.send(frame)
  }
  process.send?.({ played: plays, sentMs: [] })
}

async function play({ events, rate, only }: Play): Promise<void> {
  const source = frames(only)
  // Made before the time runs: only the sending is to be measured.
  const ready = rate === undefined ? Array.from({ length: events }, () => source.next().value ?? '') : undefined
  process.send?.({ ready: true })
  const beginMs = performance.now()
  const sentMs: number[] = []
  for (let sent = 0; sent < events; sent += 1) {
    if (rate !== undefined) {
      const waitMs = beginMs + (sent * 1000) / rate - performance.now()
      if (waitMs > 2) await new Promise((resolve) => setTimeout(resolve, waitMs))
    }
    const frame = ready?.[sent] ?? source.next().value ?? ''
    if (frame === '') continue
    if (only && sentMs.length < 10_000) sentMs.push(performance.timeOrigin + performance.now())
    client?.send(frame)
    while ((client?.bufferedAmount ?? 0) > waitingBytesMax) await new Promise((resolve) => setImmediate(resolve))
  }
  plays += 1
  client?.send(stateOf(lastDevice(plays), plays % 2 === 0 ? 'INUSE' : 'NOT_INUSE'))
  process.send?.({ played: plays, sentMs })
}

const states = ['5860', '5861'].map((resource) => ({ technology: 'PJSIP', resource, state: 'online', channel_ids: [] }))
const server = createServer((request, response) => {
  const path = decodeURIComponent((request.url ?? '').split('?')[0] ?? '')
  if (request.method === 'PUT') isFiltered = filterWanted
  const device = path.match(/deviceStates\/(.*)$/)?.[1]
  const found = device ? { name: device, state: 'NOT_INUSE' } : path.endsWith('/endpoints') ? states : []
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(found))
})
let filterWanted = true
const sockets = new WebSocketServer({ server, perMessageDeflate: false })
sockets.on('connection', (socket) => {
  client = socket
})
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.on('message', (message: Play | { isFiltered: boolean }) => {
  if ('isFiltered' in message) filterWanted = message.isFiltered
  else void (message.asRecorded ? playAsRecorded() : play(message))
})
process.on('disconnect', () => process.exit())
