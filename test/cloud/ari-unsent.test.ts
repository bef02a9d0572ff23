import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { AriUnreachableError } from '../../bridge/asterisk/ari-errors.ts'
import { AriRest } from '../../bridge/asterisk/ari-rest.ts'

/** Sends an originate request to a port and returns its error. */
async function originate(port: number): Promise<unknown> {
  const ari = new AriRest(`http://127.0.0.1:${port}/ari`, { user: 'bridge', password: 'secret' })
  return ari.post('/channels', {}, AbortSignal.timeout(10_000)).catch((error: unknown) => error)
}

test('a request counts as unsent if its connection was refused, but not if the connection broke before the answer', async () => {
  let received = 0
  const server = createServer((socket) => {
    // It receives the request and closes before it answers.
    socket.once('data', () => {
      received += 1
      socket.destroy()
    })
  })
  onTestFinished(() => void server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const broken = await originate(port)
  expect(broken).toBeInstanceOf(AriUnreachableError)
  expect(broken).toMatchObject({ isUnsent: false })
  expect(received).toBe(1)
  server.close()
  await once(server, 'close')
  expect(await originate(port)).toMatchObject({ errorId: 'ari-unreachable', isUnsent: true })
})
