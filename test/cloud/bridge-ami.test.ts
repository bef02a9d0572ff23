import { getEventListeners, once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { AmiConnection } from '../../bridge/asterisk/ami-connection.ts'
import { AriUnreachableError } from '../../bridge/asterisk/ari-errors.ts'
import { MailboxWatch } from '../../bridge/asterisk/mailbox-watch.ts'
import type { MailboxCount } from '../../bridge/normalise/mailboxes.ts'
import { Counters } from '../../bridge/operate/counters.ts'
import { createLog } from '../../bridge/operate/log.ts'
import { until } from '../support/until.ts'

/** A simulated Manager Interface on loopback; `answer` returns the reply to each action. */
async function manager(answer: (action: string, id: string) => string | undefined) {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.write('Asterisk Call Manager/11.0.0\r\n')
    let left = ''
    socket.on('data', (data) => {
      left += data.toString()
      const parts = left.split('\r\n\r\n')
      left = parts.pop() ?? ''
      for (const part of parts) {
        const [, action = ''] = /Action: (\w+)/.exec(part) ?? []
        const [, id = ''] = /ActionID: (\w+)/.exec(part) ?? []
        const reply = answer(action, id)
        if (reply !== undefined) socket.write(`${reply}\r\nActionID: ${id}\r\n\r\n`)
      }
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  return {
    address: { host: '127.0.0.1', port, user: 'bridge', password: 'a-secret-of-the-test' },
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const greet = (action: string) =>
  action === 'Challenge' ? 'Response: Success\r\nChallenge: 1234' : 'Response: Success\r\nMessage: ok'
const silent = createLog({ level: 'error', write: () => undefined })
const signal = () => AbortSignal.timeout(30_000)

test('a wrong AMI password throws ami-login-refused, and the message names the setting ami.password', async () => {
  await using it = await manager((action) =>
    action === 'Login' ? 'Response: Error\r\nMessage: Authentication failed' : greet(action),
  )
  await expect(AmiConnection.open(it.address, () => undefined, signal())).rejects.toMatchObject({
    errorId: 'ami-login-refused',
    message: expect.stringContaining('ami.password'),
  })
})

test('closes an AMI connection within 16 s if the PBX no longer answers pings', async () => {
  await using it = await manager((action) => (action === 'Ping' ? undefined : greet(action)))
  const connection = await AmiConnection.open(it.address, () => undefined, signal())
  const begun = performance.now()
  expect(await connection.closed).toBe('no answer to pings')
  expect(performance.now() - begun).toBeLessThan(16_000)
})

test('the mailbox watch reconnects after its AMI connection broke, and counts malformed and cut messages', async () => {
  const counters = new Counters()
  await using it = await manager((action) => greet(action))
  const stop = new AbortController()
  const counted: string[] = []
  const watch = new MailboxWatch({
    address: it.address,
    counters,
    log: createLog({ level: 'error', write: () => undefined }),
    endpoints: () => [],
    onOwners: () => undefined,
    onCount: (mailbox) => counted.push(mailbox),
  })
  const running = watch.run(stop.signal)
  await until('the first connection', async () => watch.isConnected)
  const [first] = it.sockets
  first?.write(
    `Event: MessageWaiting\r\nMailbox: a b\r\nNew: x\r\n\r\nEvent: Future\r\nLong: ${'x'.repeat(20_000)}\r\n\r\n`,
  )
  first?.write('Event: MessageWaiting\r\nMailbox: 60@v\r\nNew: 1\r\nOld: 0\r\n\r\n')
  await until('the count', async () => counted.length === 1)
  expect(counters.snapshot()).toMatchObject({ 'ami-message-malformed': 1, 'ami-message-cut': 1 })
  first?.destroy()
  await until('the second connection', async () => it.sockets.size === 2 && watch.isConnected)
  stop.abort()
  await running
})

test('a connection that has ended leaves no listener behind, whether it was open or refused', async () => {
  await using it = await manager(greet)
  const stop = new AbortController()
  for (let n = 0; n < 5; n += 1) {
    const connection = await AmiConnection.open(it.address, () => undefined, stop.signal)
    connection.close()
    await connection.closed
    const nobody = { ...it.address, port: 1 }
    await expect(AmiConnection.open(nobody, () => undefined, stop.signal)).rejects.toMatchObject({
      errorId: 'ami-unreachable',
    })
  }
  expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0)
})

test('the mailbox watch outlives an ARI that is away, says so, and reads when it is back', async () => {
  await using it = await manager((action) => `${greet(action)}\r\nValue: 60@v\r\nNewMessages: 2\r\nOldMessages: 1`)
  const stop = new AbortController()
  const readings: string[] = []
  const counted: MailboxCount[] = []
  let isAway = true
  const watch = new MailboxWatch({
    address: it.address,
    counters: new Counters(),
    log: silent,
    endpoints: () => ['PJSIP/5860'],
    async hasModules() {
      if (isAway) throw new AriUnreachableError('GET /asterisk/modules: ECONNREFUSED')
      return true
    },
    onReading: ({ kind }) => readings.push(kind),
    onOwners: () => undefined,
    onCount: (_, count) => counted.push(count),
  })
  const running = watch.run(stop.signal)
  await until('the reading that failed', async () => readings.at(-1) === 'unread')
  isAway = false
  watch.refresh()
  await until('the count', async () => counted.length > 0)
  expect(counted[0]).toEqual({ new: 2, old: 1 })
  expect([readings.at(-1), it.sockets.size]).toEqual(['read', 1])
  stop.abort()
  await running
})

test('registrations that Asterisk refused to list at first are asked again', async () => {
  let isBooting = true
  const asked: string[] = []
  await using it = await manager((action) => {
    asked.push(action)
    return action.startsWith('PJSIPShow') && isBooting
      ? 'Response: Error\r\nMessage: Invalid/unknown command'
      : greet(action)
  })
  const stop = new AbortController()
  const watch = new MailboxWatch({
    address: it.address,
    counters: new Counters(),
    log: silent,
    endpoints: () => [],
    onOwners: () => undefined,
    onCount: () => undefined,
    onOther: () => undefined,
  })
  const running = watch.run(stop.signal)
  const lists = () => asked.filter((action) => action === 'PJSIPShowRegistrationsOutbound').length
  await until('the list that is refused', async () => lists() === 1)
  isBooting = false
  watch.refresh()
  await until('the second list', async () => lists() === 2)
  stop.abort()
  await running
})
