import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import net from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { WebhookPoster } from '../../functions/gateways/webhook-post.ts'
import type { Resolve } from '../../functions/gateways/webhook-socket.ts'

const open: (Server | net.Server)[] = []
afterEach(() => {
  for (const server of open.splice(0)) {
    if ('closeAllConnections' in server) server.closeAllConnections()
    server.close()
  }
})

async function portOf(server: Server | net.Server): Promise<number> {
  open.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}
const receiver = (listener: RequestListener) => portOf(createServer(listener))
const send = (poster: WebhookPoster, url: string) =>
  poster.post({ webhook: 'wh_1', url: new URL(url), headers: { 'webhook-id': 'evt_1' }, body: '{"a":1}' })
const local = (more: object = {}) => new WebhookPoster({ allowsLocal: true, ...more })

test('posts the body with its headers over one kept connection, and keeps 4 KB of a long answer', async () => {
  const ports = new Set<number | undefined>()
  let answered = 'ok'
  const port = await receiver((request, response) => {
    ports.add(request.socket.remotePort)
    expect(request.headers).toMatchObject({ 'webhook-id': 'evt_1', 'content-length': '7' })
    response.end(answered)
  })
  const poster = local()
  for (let n = 0; n < 3; n += 1) expect(await send(poster, `http://127.0.0.1:${port}/`)).toMatchObject({ status: 200 })
  expect(ports.size).toBe(1)
  answered = 'x'.repeat(10_000_000)
  const { answer, status } = await send(poster, `http://127.0.0.1:${port}/`)
  expect([status, answer?.length]).toEqual([200, 4096])
})

test('a kept connection that the receiver closed fails no try: the request goes over a new one, once', async () => {
  const served = new Map<number | undefined, number>()
  let closesNew = false
  const port = await receiver((request, response) => {
    const { remotePort } = request.socket
    const count = (served.get(remotePort) ?? 0) + 1
    served.set(remotePort, count)
    if (count > 1 || closesNew) request.socket.destroy()
    else response.writeHead(204).end()
  })
  const poster = local()
  for (let n = 0; n < 3; n += 1) expect(await send(poster, `http://127.0.0.1:${port}/`)).toMatchObject({ status: 204 })
  expect([...served.values()]).toEqual([2, 2, 1])
  closesNew = true
  expect(await send(poster, `http://127.0.0.1:${port}/`)).toMatchObject({ error: 'ECONNRESET' })
  expect([...served.values()]).toEqual([2, 2, 2, 1])
})

test('asks by OPTIONS without a body, and reads what the receiver allows', async () => {
  const port = await receiver((request, response) => {
    const { method, headers } = request
    response.setHeader(
      'WebHook-Allowed-Origin',
      `${method} ${headers['content-length']} ${headers['webhook-request-origin']}`,
    )
    response.writeHead(200, { 'WebHook-Allowed-Rate': '120' }).end()
  })
  const request = {
    webhook: 'wh_1',
    url: new URL(`http://127.0.0.1:${port}/`),
    headers: { 'webhook-request-origin': 'me' },
  }
  const answer = await local().post({ ...request, body: '', method: 'OPTIONS' })
  expect(answer).toMatchObject({ status: 200, allowed: { origin: 'OPTIONS 0 me', rate: '120' } })
})

test('follows no redirect, and the status counts if the receiver closes in mid-answer', async () => {
  let requests = 0
  const port = await receiver((request, response) => {
    requests += 1
    if (request.url === '/moved') response.writeHead(302, { location: '/' }).end()
    else response.writeHead(200, { 'content-length': 100 }).write('half', () => request.socket.destroy())
  })
  expect(await send(local(), `http://127.0.0.1:${port}/moved`)).toMatchObject({ status: 302 })
  expect(await send(local(), `http://127.0.0.1:${port}/`)).toMatchObject({ status: 200, answer: 'half' })
  expect(requests).toBe(2)
})

test('one time limit ends a receiver that hangs, drips headers or floods interim answers', async () => {
  const raw = (write: (socket: net.Socket) => void) =>
    portOf(net.createServer((socket) => void socket.on('error', () => undefined).once('data', () => write(socket))))
  const drip = (text: string) => (socket: net.Socket) => {
    const timer = setInterval(() => socket.write(text), 20)
    socket.on('close', () => clearInterval(timer))
  }
  const ports = [await raw(() => undefined), await raw(drip('H')), await raw(drip('HTTP/1.1 102 Processing\r\n\r\n'))]
  const poster = local({ tryMsMax: 150 })
  const ends = await Promise.all(ports.map((port) => send(poster, `http://127.0.0.1:${port}/`)))
  for (const { status, error } of ends) {
    expect(status).toBeUndefined()
    expect(error).toMatch(/no answer in 0.15 s|HPE_/)
  }
  expect(ends.filter(({ error }) => error?.startsWith('no answer')).length).toBeGreaterThanOrEqual(2)
})

test('says why there was no answer', async () => {
  const port = await receiver((_, response) => response.end())
  open.splice(0).forEach((server) => void server.close())
  expect(await send(local(), `http://127.0.0.1:${port}/`)).toMatchObject({ error: 'ECONNREFUSED' })
  const unknown: Resolve = (_, done) => done(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), [])
  expect(await send(local({ resolve: unknown }), 'http://hook.example.org/')).toMatchObject({ error: 'ENOTFOUND' })
  const empty: Resolve = (_, done) => done(null, [])
  expect(await send(local({ resolve: empty }), 'http://hook.example.org/')).toMatchObject({ error: 'ENOTFOUND' })
})

/**
 * Goal: no connection reaches an address that is not public. Method: a receiver listens on loopback and counts connections; names
 * resolve to what the test says.
 */
const forbidden = [
  '127.0.0.1',
  '10.0.0.1',
  '169.254.169.254',
  '::1',
  '::ffff:127.0.0.1',
  '64:ff9b::7f00:1',
  'fe80::1',
  '2002:7f00:1::',
]
test('connects to no forbidden address, whatever a name resolves to, and also after it has moved', async () => {
  let connections = 0
  const server = createServer((_, response) => response.end())
  server.on('connection', () => {
    connections += 1
  })
  const port = await portOf(server)
  const guarded = (resolve: Resolve) => new WebhookPoster({ allowsLocal: false, resolve })
  const answers =
    (...addresses: string[]): Resolve =>
    (_, done) =>
      done(
        null,
        addresses.map((address) => ({ address, family: net.isIP(address) })),
      )
  for (const address of forbidden) {
    for (const scheme of ['http', 'https']) {
      const url = `${scheme}://hook.example.org:${port}/`
      expect(await send(guarded(answers(address)), url), address).toMatchObject({
        error: expect.stringContaining('public internet'),
      })
      // One good and one bad address together are refused too.
      expect(await send(guarded(answers('8.8.8.8', address)), url), address).toMatchObject({
        error: expect.stringContaining('public internet'),
      })
    }
  }
  for (const host of ['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '0x7f.1', '2130706433'])
    expect(await send(guarded(answers('8.8.8.8')), `http://${host}:${port}/`)).toMatchObject({
      error: expect.stringContaining('public internet'),
    })
  expect(connections).toBe(0)
})

test('a name that has moved to a forbidden address in 200 flips is never connected to', async () => {
  let connections = 0
  const server = createServer((_, response) => response.end())
  server.on('connection', () => {
    connections += 1
  })
  const port = await portOf(server)
  let lookups = 0
  // The check at registration got a public address; each lookup for a connection gets loopback.
  const flipping: Resolve = (_, done) => {
    lookups += 1
    done(null, [{ address: '127.0.0.1', family: 4 }])
  }
  const poster = new WebhookPoster({ allowsLocal: false, resolve: flipping })
  for (let n = 0; n < 200; n += 1) await send(poster, `http://hook.example.org:${port}/`)
  expect([lookups, connections]).toEqual([200, 0])
})
