import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { AmiConnection } from '../../bridge/asterisk/ami-connection.ts'
import { MailboxWatch } from '../../bridge/asterisk/mailbox-watch.ts'
import { SecurityWatch } from '../../bridge/asterisk/security-watch.ts'
import type { MailboxCount } from '../../bridge/normalise/mailboxes.ts'
import { realClock } from '../../bridge/operate/clock.ts'
import { Counters } from '../../bridge/operate/counters.ts'
import { createLog } from '../../bridge/operate/log.ts'
import type { Attack } from '../../contracts/facts.ts'
import { until } from '../support/until.ts'
import { startPbx, type TestPbx } from './support/pbx.ts'

/*
 * Goal: the bridge reports the number of messages in each phone's mailbox, also after a restart of Asterisk, with an AMI
 * user that can only read. Method: a real Asterisk; a phone leaves a message in the mailbox of a busy one.
 */

let it: TestPbx
beforeAll(async () => {
  it = await startPbx({ ringSeconds: 1 })
})
afterAll(() => it?.[Symbol.asyncDispose]())

const address = () => ({ host: '127.0.0.1', port: it.pbx.amiPort, user: it.pbx.amiUser, password: it.pbx.amiPassword })
const log = createLog({ level: 'error', write: () => undefined })

test('reports mailbox counts at the start, when a message arrives, and after a restart of Asterisk', async () => {
  const counts = new Map<string, MailboxCount>()
  let owners: ReadonlyMap<string, readonly string[]> = new Map()
  const stop = new AbortController()
  const watch = new MailboxWatch({
    address: address(),
    counters: new Counters(),
    log,
    endpoints: () => ['PJSIP/5860', 'PJSIP/5861', 'PJSIP/nosuch', 'PJSIP/58\r\nAction: Logoff', 'PJSIP/mytrunk'],
    onOwners: (found) => {
      owners = found
    },
    onCount: (mailbox, count) => counts.set(mailbox, count),
  })
  const running = watch.run(stop.signal)
  await until('both mailboxes', async () => counts.size === 2)
  expect([...owners]).toEqual([
    ['6000@voicemail', ['PJSIP/5860']],
    ['6001@voicemail', ['PJSIP/5861']],
  ])
  expect([...counts.values()]).toEqual([
    { new: 0, old: 0 },
    { new: 0, old: 0 },
  ])
  await it.phones.setBehaviour('61', { kind: 'busy' })
  // The announcements take 12 s; a message of a second or more is kept.
  await it.phones.call({ from: '60', to: '61', talkMs: 18_000 })
  await until('the message', async () => counts.get('6001@voicemail')?.new === 1)
  expect(counts.get('6000@voicemail')).toEqual({ new: 0, old: 0 })

  counts.clear()
  await it.pbx.stop()
  await it.pbx.start()
  await until('the counts after the restart', async () => counts.get('6001@voicemail')?.new === 1)
  stop.abort()
  await running
})

test('the AMI user of the bridge may read mailbox counts but change nothing', async () => {
  const connection = await AmiConnection.open(address(), () => undefined, AbortSignal.timeout(20_000))
  const actions: Record<string, string>[] = [
    { Action: 'Originate', Channel: 'Local/60@internal', Application: 'Echo' },
    { Action: 'Command', Command: 'core show version' },
    { Action: 'DBPut', Family: 'renvoi', Key: '60', Val: '61' },
    { Action: 'Redirect', Channel: 'x', Context: 'internal', Exten: '60', Priority: '1' },
    { Action: 'Reload' },
    { Action: 'UpdateConfig', SrcFilename: 'manager.conf', DstFilename: 'manager.conf' },
  ]
  for (const action of actions) {
    await expect(connection.ask(action), action['Action']).rejects.toMatchObject({ errorId: 'ami-refused' })
  }
  expect((await connection.ask({ Action: 'MailboxCount', Mailbox: '6000@voicemail' })).get('newmessages')).toBe('0')
  connection.close()
})

/** Registers extensions that do not exist from a second address of this machine, as a scanner does. */
async function scan(count: number) {
  const socket = createSocket('udp4')
  socket.bind(0, scanner)
  await once(socket, 'listening')
  const { port } = socket.address()
  for (let n = 0; n < count; n += 1) {
    const lines = [
      `REGISTER sip:127.0.0.1:${it.pbx.sipPort} SIP/2.0`,
      `Via: SIP/2.0/UDP ${scanner}:${port};branch=z9hG4bK${port}-${n}`,
      `From: <sip:${9000 + n}@127.0.0.1>;tag=${n}`,
      `To: <sip:${9000 + n}@127.0.0.1>`,
      `Call-ID: scan-${port}-${n}`,
      'CSeq: 1 REGISTER',
      `Contact: <sip:x@${scanner}:${port}>`,
      'Max-Forwards: 70',
      'Content-Length: 0',
    ]
    socket.send(`${lines.join('\r\n')}\r\n\r\n`, it.pbx.sipPort, '127.0.0.1')
    await new Promise((sent) => setImmediate(sent))
  }
  socket.close()
}
const scanner = '127.0.0.2'

test('reports who guesses extensions, and the filter for fail2ban finds the same lines in the security log', async () => {
  const attacks: Attack[] = []
  const stop = new AbortController()
  const watch = new SecurityWatch({
    address: address(),
    counters: new Counters(),
    clock: realClock,
    onAttack: (attack) => attacks.push(attack),
  })
  const running = watch.run(stop.signal)
  // The watch may not listen yet, so a scanner goes on.
  await until('the attack', async () => {
    await scan(12)
    return attacks.length > 0
  })
  stop.abort()
  await running
  expect(attacks).toHaveLength(1)
  expect(attacks[0]).toMatchObject({ address: scanner, addresses: 1, kinds: { InvalidAccountID: expect.any(Number) } })
  expect(attacks[0]?.count).toBeGreaterThanOrEqual(10)
  const filter = await readFile(
    join(import.meta.dirname, '../../examples/fail2ban/filter.d/switchhook-asterisk.conf'),
    'utf8',
  )
  const pattern = new RegExp((/^failregex = (.+)$/m.exec(filter)?.[1] ?? '').replace('<HOST>', '([0-9a-f.:]+)'))
  const log = (await readFile(join(dirname(it.pbx.logFile), 'security.log'), 'utf8')).split('\n')
  const found = log.flatMap((line) => pattern.exec(line)?.[1] ?? [])
  expect(new Set(found)).toEqual(new Set([scanner]))
  expect(found.length).toBeGreaterThanOrEqual(attacks[0]?.count ?? 0)
  // Phones register in the same log.
  expect(log.some((line) => line.includes('SuccessfulAuth'))).toBe(true)
})
