import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { WebSocket, WebSocketServer } from 'ws'
import { reservePorts } from '../../../infra/asterisk/instance/ports.ts'
import { AsteriskInstance } from '../../../infra/asterisk/instance.ts'
import { Phones } from '../../../infra/asterisk/phones.ts'
import { renderPbx } from '../../../infra/asterisk/render.ts'
import { generateSecrets } from '../../../infra/asterisk/secrets.ts'
import { BridgeProcess } from '../../cloud/bridge-process.ts'
import { startQueues } from '../../cloud/bridge-world.ts'
import { TcpProxy } from '../../support/tcp-proxy.ts'
import { until } from '../../support/until.ts'
import { recordsIn, testInstallation, testSite } from './pbx.ts'

export interface Scenario {
  name: string
  /** How long the connections of all three followers are cut. */
  cutMs: number
  /** Whether Asterisk is restarted during the cut. */
  restarts: boolean
}

/** What one follower of Asterisk received. */
export interface Outcome {
  /** Calls whose end was reported. */
  ends: number
  /** Calls with a call record. */
  records: number
  events?: number
}

export interface Result {
  calls: number
  plain: Outcome
  outbound: Outcome
  bridge: Outcome
}

const callEveryMs = 2000
const talkMs = 300
/** Time with calls before and after the cut. */
const besideMs = 10_000
/** The backlog is sent within this time. */
const settleMs = 20_000

/** Collects the ids of destroyed channels and counts all events, over several connections. */
class ReceivedEvents {
  readonly destroyed = new Set<string>()
  events = 0
  listen(socket: WebSocket): void {
    socket.on('message', (data) => {
      const event = JSON.parse(String(data))
      if (event.type === 'RESTResponse') return
      this.events += 1
      if (event.type === 'ChannelDestroyed') this.destroyed.add(event.channel.id)
    })
  }
}

/** Makes calls on a real Asterisk before, during and after a cut, and counts what each of three followers received. */
export async function runScenario({ cutMs, restarts }: Scenario): Promise<Result> {
  await using parts = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'why-'))
  parts.defer(() => rm(folder, { recursive: true, force: true }))
  const outbound = parts.use(await outboundFollower())
  const { pbx, phones } = await startAsterisk(folder, outbound.link.port, parts)
  const plain = parts.use(await plainFollower(pbx))
  const bridge = parts.use(await bridgeFollower(folder, pbx))
  await until('Asterisk to dial', async () => outbound.isConnected())
  const links = [plain.link, outbound.link, bridge.link]
  await callFor(phones, besideMs)
  for (const link of links) link.link = cutMs > 0 ? 'cut' : 'up'
  if (restarts) {
    await callFor(phones, cutMs / 3)
    await pbx.stop()
    await pbx.start()
    for (const number of ['60', '61']) await phones.register(number)
    await callFor(phones, cutMs / 3)
  } else await callFor(phones, cutMs)
  for (const link of links) link.link = 'up'
  await callFor(phones, besideMs)
  await delay(settleMs)
  const calls = new Set((await recordsIn(pbx.cdrFile)).map((row) => String(row['linkedid'])))
  const ends = (known: Set<string>) => [...calls].filter((call) => known.has(call)).length
  const reported = await bridge.reported()
  return {
    calls: calls.size,
    plain: { ends: ends(plain.received.destroyed), records: 0, events: plain.received.events },
    outbound: { ends: ends(outbound.received.destroyed), records: 0, events: outbound.received.events },
    bridge: { ends: ends(reported.ended), records: ends(reported.records) },
  }
}

async function callFor(phones: Phones, ms: number): Promise<void> {
  const until = performance.now() + ms
  while (performance.now() < until) {
    const next = performance.now() + callEveryMs
    const call = await phones.call({ from: '60', to: '61', talkMs })
    await call.ended
    await delay(Math.max(0, next - performance.now()))
  }
}

async function startAsterisk(folder: string, outboundPort: number, parts: AsyncDisposableStack) {
  const installation = await testInstallation()
  const site = await testSite((await reservePorts()).sip, {})
  const { root } = installation
  const secrets = generateSecrets(site)
  const ports = await reservePorts()
  const address = '127.0.0.1'
  const own = join(folder, 'pbx')
  const files = renderPbx(site, { root, folder: own, ports, secrets, address })
  files.set('websocket_client.conf', clientConf(outboundPort))
  files.set('ari.conf', `${files.get('ari.conf')}\n${outboundConf}`)
  const pbx = parts.use(new AsteriskInstance({ root, folder: own, address, ports, secrets, files }))
  await pbx.start()
  const phones = parts.use(new Phones({ installation, site, folder: join(folder, 'phones'), pbx }))
  await phones.start()
  await phones.registered()
  return { pbx, phones }
}

const clientConf = (port: number) => `[cloud]
type = websocket_client
connection_type = persistent
uri = ws://127.0.0.1:${port}/
protocols = ari
reconnect_interval = 500
tls_enabled = no
`

const outboundConf = `[cloud-events]
type = outbound_websocket
websocket_client_id = cloud
apps = outbound-alone
subscribe_all = yes
local_ari_user = bridge
`

/** A server in the cloud to which Asterisk connects (outbound WebSocket), over a link that can be cut. */
async function outboundFollower() {
  const received = new ReceivedEvents()
  const server = createServer()
  const sockets = new WebSocketServer({ server, handleProtocols: () => 'ari' })
  sockets.on('connection', (socket) => received.listen(socket))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const link = await TcpProxy.to((server.address() as AddressInfo).port)
  return {
    received,
    link,
    isConnected: () => sockets.clients.size > 0,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.terminate()
      await link[Symbol.asyncDispose]()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A client in the cloud that connects to Asterisk and reconnects half a second after each break. */
async function plainFollower(pbx: AsteriskInstance) {
  const received = new ReceivedEvents()
  const link = await TcpProxy.to(Number(new URL(pbx.ariUrl).port))
  const url = `${link.through(pbx.ariUrl).replace('http', 'ws')}/events?app=plain-client&subscribeAll=true`
  const authorization = `Basic ${Buffer.from(`${pbx.ariUser}:${pbx.ariPassword}`).toString('base64')}`
  let socket: WebSocket
  let isOver = false
  const dial = () => {
    socket = new WebSocket(url, { headers: { authorization } })
    received.listen(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => {
      if (!isOver) setTimeout(dial, 500)
    })
  }
  dial()
  return {
    received,
    link,
    async [Symbol.asyncDispose]() {
      isOver = true
      socket.terminate()
      await link[Symbol.asyncDispose]()
    },
  }
}

/** The bridge beside Asterisk; its connection to SQS is cut. */
async function bridgeFollower(folder: string, pbx: AsteriskInstance) {
  const queues = await startQueues()
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const privateKeyFile = join(folder, 'bridge.key')
  await writeFile(privateKeyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  const link = await TcpProxy.to(Number(new URL(queues.endpoint).port))
  const { live, records, commands } = queues.urls
  const config = {
    site: 'why',
    region: 'eu-west-3',
    stateFolder: join(folder, 'state'),
    ari: { url: pbx.ariUrl, user: pbx.ariUser, password: pbx.ariPassword },
    cdr: { file: pbx.cdrFile },
    queues: { live: link.through(live), records: link.through(records), commands: link.through(commands) },
    key: { id: 'k1', privateKeyFile },
  }
  const file = join(folder, 'bridge.json')
  await writeFile(file, JSON.stringify(config))
  const bridge = new BridgeProcess(file, { env: { AWS_ENDPOINT_URL_SQS: link.through(queues.endpoint) } })
  await bridge.logged('ari connected')
  return {
    link,
    async reported() {
      await queues.collect(publicKey)
      const ended = queues.of('switchhook.call.v1').filter(({ data }) => data.state === 'ended')
      const rows = queues.of('switchhook.cdr.v1')
      return {
        ended: new Set(ended.map(({ subject }) => subject)),
        records: new Set(rows.map(({ data }) => data.cdr.linkedid)),
      }
    },
    async [Symbol.asyncDispose]() {
      await bridge[Symbol.asyncDispose]()
      await link[Symbol.asyncDispose]()
      await queues.stop()
    },
  }
}
