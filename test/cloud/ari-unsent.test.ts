import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { AriUnreachableError } from '../../bridge/asterisk/ari-errors.ts'
import { AriRest } from '../../bridge/asterisk/ari-rest.ts'

/** What an order meets where an Asterisk should be. */
async function order(port: number): Promise<unknown> {
  const ari = new AriRest(`http://127.0.0.1:${port}/ari`, { user: 'bridge', password: 'secret' })
  return ari.post('/channels', {}, AbortSignal.timeout(10_000)).catch((error: unknown) => error)
}

test('an order that found nobody was not sent; one whose connection broke may have been', async () => {
  let taken = 0
  const server = createServer((socket) => {
    // It has the order, and dies before it answers.
    socket.once('data', () => {
      taken += 1
      socket.destroy()
    })
  })
  onTestFinished(() => void server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const broken = await order(port)
  expect(broken).toBeInstanceOf(AriUnreachableError)
  expect(broken).toMatchObject({ isUnsent: false })
  expect(taken).toBe(1)
  server.close()
  await once(server, 'close')
  expect(await order(port)).toMatchObject({ errorId: 'ari-unreachable', isUnsent: true })
})
