import { afterAll, beforeAll, expect, test } from 'vitest'
import { AmiConnection } from '../../bridge/asterisk/ami-connection.ts'
import { MailboxWatch } from '../../bridge/asterisk/mailbox-watch.ts'
import type { MailboxCount } from '../../bridge/normalise/mailboxes.ts'
import { Counters } from '../../bridge/operate/counters.ts'
import { createLog } from '../../bridge/operate/log.ts'
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
