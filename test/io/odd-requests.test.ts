import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { requestTarget } from '../../infra/local/request-target.ts'
import { AriServer } from '../../infra/replay/ari-server.ts'
import { PbxModel } from '../../infra/replay/pbx-model.ts'
import { servePage } from '../../infra/start/page-server.ts'
import { oddTargets, rawRequest } from '../support/raw-request.ts'

/** Goal: no request ends a server. Method: odd request targets and broken requests over a real socket, then an ordinary one. */
const methods = ['GET', 'POST', 'OPTIONS']
const broken = ['GET\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', 'GET / HTTP/1.1\r\nHost\r\n\r\n', '\u0000\u0001\u0002']

async function sendAll(port: number, headers = ''): Promise<string[]> {
  const requests = oddTargets.flatMap((target) =>
    methods.map((method) => `${method} ${target} HTTP/1.1\r\nHost: x\r\n${headers}Connection: close\r\n\r\n`),
  )
  const upgrades = oddTargets.map(
    (target) =>
      `GET ${target} HTTP/1.1\r\nHost: x\r\n${headers}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  )
  return Promise.all([...broken, ...requests, ...upgrades].map((bytes) => rawRequest(port, bytes)))
}

test('the page server answers odd requests with 4xx and serves the page afterwards, which no other page can frame', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'page-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(path.join(folder, 'index.html'), '<title>page</title>')
  const server = await servePage(folder, 0)
  onTestFinished(() => server.stop())
  const answers = await sendAll(server.port)
  expect(answers.filter((answer) => !/^(HTTP\/1\.1 (200|400|404|405) |$)/.test(answer))).toEqual([])
  const page = await fetch(`http://127.0.0.1:${server.port}/`)
  expect([page.status, await page.text()]).toEqual([200, '<title>page</title>'])
  for (const target of ['/', '/absent']) {
    const { headers } = await fetch(`http://127.0.0.1:${server.port}${target}`)
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(headers.get('x-frame-options')).toBe('DENY')
  }
  const posted = await fetch(`http://127.0.0.1:${server.port}/`, { method: 'POST' })
  expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
})

test('the ARI of a replay answers odd requests, with and without its password, and ends no process on a bad frame', async () => {
  const server = new AriServer({ model: new PbxModel(), user: 'u', password: 'p', port: 0 })
  const port = await server.start()
  onTestFinished(() => server.stop())
  const authorization = `Basic ${Buffer.from('u:p').toString('base64')}`
  await sendAll(port)
  await sendAll(port, `Authorization: ${authorization}\r\n`)
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ari/events?app=a`, { headers: { authorization } })
  await new Promise((resolve) => socket.once('open', resolve))
  // A frame with a reserved bit set (RFC 6455, 5.2).
  const closed = new Promise((resolve) => socket.once('close', resolve))
  const raw: { _socket?: { write(bytes: Buffer): void } } = socket as never
  raw._socket?.write(Buffer.from([0xf1, 0x80, 0, 0, 0, 0]))
  await closed
  const answer = await fetch(`http://127.0.0.1:${port}/ari/endpoints`, { headers: { authorization } })
  expect(answer.status).toBe(200)
})

test.each([
  ['//', '//', ''],
  ['//evil.example/v1/sites?a=b', '//evil.example/v1/sites', 'a=b'],
  ['/v1/sites?from=a?b&c=//', '/v1/sites', 'from=a?b&c=//'],
  ['http://evil.example/v1/sites?a', '/v1/sites', 'a'],
  ['*', '/', ''],
  ['example.org:443', '/', ''],
  ['/a#b', '/a', ''],
])('splits the request target %s', (target, pathname, query) => {
  expect(requestTarget(target)).toEqual({ pathname, query })
})
