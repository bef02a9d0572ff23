import { appendFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { AriRest } from '../../bridge/asterisk/ari-rest.ts'
import { MailboxWatch } from '../../bridge/asterisk/mailbox-watch.ts'
import { readPhoneEntry } from '../../bridge/asterisk/phone-directory.ts'
import { Registrations } from '../../bridge/normalise/registrations.ts'
import { Counters } from '../../bridge/operate/counters.ts'
import { createLog } from '../../bridge/operate/log.ts'
import { until } from '../support/until.ts'
import { startPbx, type TestPbx } from './support/pbx.ts'

/*
 * Goal: the bridge recognises a trunk from Asterisk's own configuration and reads its registration with a read-only AMI user.
 * Method: a real Asterisk gets a registration at a provider that does not answer, and reloads.
 */

let it: TestPbx
beforeAll(async () => {
  it = await startPbx({ ringSeconds: 1 })
})
afterAll(() => it?.[Symbol.asyncDispose]())

test('recognises the trunk, but no phone, as a trunk by its configuration in Asterisk', async () => {
  const requests = new AriRest(it.pbx.ariUrl, { user: it.pbx.ariUser, password: it.pbx.ariPassword })
  const read = (endpoint: string) => readPhoneEntry(endpoint, requests, AbortSignal.timeout(30_000))
  expect([await read('PJSIP/mytrunk'), await read('PJSIP/5860'), await read('PJSIP/nosuch')]).toMatchObject([
    { number: undefined, isTrunk: true },
    { number: '60', isTrunk: false },
    { number: undefined, isTrunk: false },
  ])
})

test('reads the registration of a trunk', async () => {
  const lines = [
    '',
    '[mytrunk]',
    'type = registration',
    'transport = udp',
    `server_uri = sip:127.0.0.1:${it.trunkPort}`,
  ]
  await appendFile(
    path.join(it.pbx.configurationFolder, 'pjsip.conf'),
    [...lines, `client_uri = sip:account@127.0.0.1:${it.trunkPort}`, ''].join('\n'),
  )
  await it.pbx.cli('module reload res_pjsip.so')
  const registrations = new Registrations()
  const found: unknown[] = []
  const stop = new AbortController()
  const watch = new MailboxWatch({
    address: { host: '127.0.0.1', port: it.pbx.amiPort, user: it.pbx.amiUser, password: it.pbx.amiPassword },
    counters: new Counters(),
    log: createLog({ level: 'error', write: () => undefined }),
    endpoints: () => [],
    onOwners: () => undefined,
    onCount: () => undefined,
    onOther: (headers) => {
      const report = registrations.take(headers)
      if (report) found.push(report)
    },
  })
  const running = watch.run(stop.signal)
  await until('the registration', async () => {
    watch.refresh()
    return found.length > 0
  })
  stop.abort()
  await running
  expect(found[0]).toEqual({ endpoint: 'PJSIP/mytrunk', state: 'unregistered' })
})
