import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { AriListener } from '../../bridge/asterisk/ari-listener.ts'

const credentials = { user: 'pbx', password: 'a-secret-of-the-test' }
const authorization = `Basic ${Buffer.from('pbx:a-secret-of-the-test').toString('base64')}`
const signal = () => AbortSignal.timeout(5000)

async function listen() {
  const listener = new AriListener({ ...credentials, host: '127.0.0.1', port: 0 })
  const port = await listener.start()
  const dial = (headers = { authorization }) => new WebSocket(`ws://127.0.0.1:${port}/`, ['ari'], { headers })
  return { listener, dial, [Symbol.asyncDispose]: () => listener.stop() }
}

function refusal(socket: WebSocket): Promise<number> {
  return new Promise((resolve) => {
    socket.on('error', () => undefined)
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0))
  })
}

test('accepts the WebSocket that Asterisk opens, and receives events and REST answers over it', async () => {
  await using world = await listen()
  const frames: string[] = []
  const connecting = world.listener.connect((frame) => frames.push(frame.toString()), signal())
  const asterisk = world.dial()
  asterisk.on('message', (data) => {
    const { request_id, method, uri, message_body } = JSON.parse(String(data))
    const status_code = uri === 'nosuch' ? 404 : 200
    asterisk.send('{"type":"DeviceStateChanged"}')
    asterisk.send(
      JSON.stringify({
        type: 'RESTResponse',
        request_id,
        status_code,
        message_body: JSON.stringify([method, uri, message_body]),
      }),
    )
  })
  const connection = await connecting
  expect(await connection.requests.put('/applications/a/eventFilter', { x: 1 }, signal())).toEqual([
    'PUT',
    'applications/a/eventFilter',
    '{"x":1}',
  ])
  await expect(connection.requests.get('/nosuch', signal())).rejects.toMatchObject({ errorId: 'ari-not-found' })
  expect(frames).toEqual(['{"type":"DeviceStateChanged"}', '{"type":"DeviceStateChanged"}'])
  expect(asterisk.protocol).toBe('ari')
  asterisk.close()
  expect(await connection.closed).toContain('closed')
})

test('answers 401 for a wrong password, and 503 while the bridge is not ready', async () => {
  await using world = await listen()
  expect(await refusal(world.dial())).toBe(503)
  const connecting = world.listener.connect(() => undefined, AbortSignal.timeout(200))
  expect(await refusal(world.dial({ authorization: 'Basic eDp5' }))).toBe(401)
  await expect(connecting).rejects.toMatchObject({ errorId: 'ari-unreachable' })
})

test('a REST request that gets no answer rejects when its abort signal fires', async () => {
  await using world = await listen()
  const connecting = world.listener.connect(() => undefined, signal())
  world.dial()
  const connection = await connecting
  await expect(connection.requests.get('/endpoints', AbortSignal.timeout(100))).rejects.toMatchObject({
    errorId: 'ari-unreachable',
  })
})
