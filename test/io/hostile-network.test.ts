import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import type { ApiResource } from '../../infra/local/api/api-resources.ts'
import { createHttpApi } from '../../infra/local/http/http-api.ts'
import { listenOnLoopback } from '../../infra/local/loopback-server.ts'
import { oddBytes } from '../support/fuzz/odd-values.ts'
import { Random } from '../support/random.ts'
import { rawRequest } from '../support/raw-request.ts'

/**
 * Goal: no client takes a local server from the others: each hostile request has its status, memory is bounded, and an ordinary request is
 * answered beside it. Method: real sockets to the HTTP API of the local cloud, behind which one function notes what reaches it.
 */
const reached: { body?: string; isBase64Encoded: boolean }[] = []

async function startApi(options: Parameters<typeof listenOnLoopback>[3] = {}) {
  const invoke = async (event: unknown) => {
    reached.push(event as (typeof reached)[number])
    return { payload: '{"statusCode":200,"body":"done"}', functionError: undefined, isTooLarge: false }
  }
  const route = { routeKey: '$default', target: { invoke }, timeoutMs: 1_000, authorizer: undefined, answers: false }
  const api = { apiId: 'a', stage: '$default', routeSelection: '', cors: undefined, routes: [route] }
  const handler = createHttpApi(api as unknown as ApiResource, { region: 'r', domainName: 'd', log: () => undefined })
  const server = await listenOnLoopback(0, 'test', handler, { maxHeaderSize: 65_536, ...options })
  onTestFinished(() => server.stop())
  reached.length = 0
  const ask = async () => (await fetch(`http://127.0.0.1:${server.port}/`)).text()
  return { ...server, ask }
}

const head = (lines: string) => `POST / HTTP/1.1\r\nHost: x\r\n${lines}\r\n\r\n`
const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1])

function open(port: number, bytes: string): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, () => resolve(socket)))
    socket.on('error', () => undefined)
    onTestFinished(() => void socket.destroy())
  })
}

test('200 clients that send half a request stop no other one, and each is answered 408 when its time is over', async () => {
  const { port, ask } = await startApi({ headersTimeout: 400, requestTimeout: 500, connectionsCheckingInterval: 50 })
  const halves = [
    `${head('Content-Length: 100')}x`,
    'POST / HTTP/1.1\r\nHost: x\r\nX-Slow: ',
    `${head('Transfer-Encoding: chunked')}5\r\nab`,
  ]
  const sockets = await Promise.all(Array.from({ length: 200 }, (_, n) => open(port, halves[n % halves.length] ?? '')))
  const answers = sockets.map(async (socket) => statusOf(String((await once(socket, 'data'))[0])))
  expect(await ask()).toBe('done')
  expect(new Set(await Promise.all(answers))).toEqual(new Set([408]))
  expect(reached).toHaveLength(1)
})

test('every local server ends a slow request within a minute', async () => {
  const { server } = await listenOnLoopback(0, 'test')
  onTestFinished(() => void server.close())
  expect(server.headersTimeout).toBeLessThanOrEqual(60_000)
  expect(server.requestTimeout).toBeLessThanOrEqual(60_000)
})

/** Bytes of buffers that something still refers to. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().arrayBuffers
}

test('a body of 32 MB is answered 413 and is never held whole', async () => {
  const { port, ask } = await startApi()
  const chunk = Buffer.alloc(1_048_576, 'a')
  const socket = await open(port, head('Transfer-Encoding: chunked\r\nConnection: close'))
  let answer = ''
  socket.setEncoding('utf8').on('data', (text) => {
    answer += text
  })
  const before = heldBytes()
  let most = 0
  for (let n = 0; n < 32; n += 1) {
    socket.write(`${chunk.length.toString(16)}\r\n`)
    const isFlushed = socket.write(chunk)
    socket.write('\r\n')
    if (!isFlushed) await once(socket, 'drain')
    if (n % 8 === 7) most = Math.max(most, heldBytes() - before)
  }
  socket.end('0\r\n\r\n')
  await once(socket, 'close')
  expect(statusOf(answer)).toBe(413)
  expect(most).toBeLessThan(20 * 1_048_576)
  expect(await ask()).toBe('done')
})

test('a gzip bomb reaches the function as the bytes that were sent: nothing unpacks it', async () => {
  const { port } = await startApi()
  const bomb = gzipSync(Buffer.alloc(20 * 1_048_576))
  const response = await fetch(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    headers: { 'content-encoding': 'gzip', 'content-type': 'application/octet-stream' },
    body: bomb,
  })
  expect(response.status).toBe(200)
  expect(Buffer.from(reached[0]?.body ?? '', 'base64').equals(bomb)).toBe(true)
})

test.each([
  ['headers of 12 KB', Array.from({ length: 120 }, (_, n) => `X-${n}: ${'f'.repeat(90)}`), 431],
  ['headers of 80 KB', Array.from({ length: 800 }, (_, n) => `X-${n}: ${'f'.repeat(90)}`), 431],
  ['one header of 20 KB', [`X-Long: ${'f'.repeat(20_000)}`], 431],
  ['300 cookies', [`Cookie: ${'a=b; '.repeat(300)}`], 200],
  ['two lengths that differ', ['Content-Length: 1', 'Content-Length: 2'], 400],
  ['a length and chunks', ['Content-Length: 1', 'Transfer-Encoding: chunked'], 400],
  ['a negative length', ['Content-Length: -1'], 400],
  ['a length that is no number', ['Content-Length: 1e3'], 400],
  ['a line break within a value', ['X-A: a\rb'], 400],
  ['a NUL within a value', ['X-A: a\u0000b'], 400],
  ['a space before the colon', ['X-A : b'], 400],
  ['a folded line', ['X-A: b\r\n c'], 400],
  ['an unknown transfer coding', ['Transfer-Encoding: zip'], 400],
] as const)('answers %s with its status', async (_, lines, status) => {
  const { port, ask } = await startApi()
  const answer = await rawRequest(
    port,
    `GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${lines.join('\r\n')}\r\n\r\n`,
  )
  expect(statusOf(answer)).toBe(status)
  expect(await ask()).toBe('done')
})

test('passes 50 hostile bodies on as they are, as text or as bytes', async () => {
  const { port } = await startApi()
  const random = new Random(7)
  const bodies = Array.from({ length: 50 }, () => oddBytes(random, '{"from":"60","to":"61"}')).filter(
    ({ length }) => length > 0,
  )
  for (const [n, body] of bodies.entries()) {
    const type = n % 2 === 0 ? 'application/octet-stream' : 'application/json'
    const answer = await fetch(`http://127.0.0.1:${port}/`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: new Uint8Array(body),
    })
    expect(answer.status).toBe(200)
    const got = reached.at(-1)
    expect(Buffer.from(got?.body ?? '', got?.isBase64Encoded ? 'base64' : 'utf8').toString()).toBe(body.toString())
  }
})
