import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readJournal } from '../../bridge/setup/journal.ts'
import { buildBridgeProgram } from '../../infra/start/build.ts'
import { makeSite, newCode } from '../../infra/start/make-site.ts'
import { sharedDeployment } from '../support/deployment.ts'
import { filesOf } from '../support/foreign-etc.ts'
import { until } from '../support/until.ts'
import { type BridgeSide, type ForeignPbx, longName, startBridgeSide, startForeignPbx } from './support/foreign-pbx.ts'
import { forgetSwitchhook, SetupCommand } from './support/setup-command.ts'

/*
 * Goal: the bridge is right about a PBX that someone else configured, and leaves no trace in it.
 * Method: a real Asterisk without any context of Switchhook; its own CDR file and log say what the bridge caused.
 */

let pbx: ForeignPbx
let bridge: BridgeSide
let folder: string
beforeAll(async () => {
  pbx = await startForeignPbx()
  folder = await mkdtemp(join(tmpdir(), 'foreign-'))
  await leaveMessage('voicemail/6000/Urgent')
  await leaveMessage('voicemail/6000/INBOX')
  await leaveMessage('default/60/INBOX')
  bridge = await startBridgeSide(pbx.it, folder)
})
afterAll(async () => {
  await bridge?.[Symbol.asyncDispose]()
  await pbx?.[Symbol.asyncDispose]()
  if (folder) await rm(folder, { recursive: true })
})

/** Puts a message into Asterisk's voicemail folder, as app_voicemail does. */
async function leaveMessage(mailbox: string): Promise<void> {
  const inbox = join(dirname(pbx.it.pbx.recordingFolder), 'voicemail', mailbox)
  await mkdir(inbox, { recursive: true })
  await writeFile(join(inbox, 'msg0000.txt'), '[message]\n')
  await writeFile(join(inbox, 'msg0000.gsm'), '')
}

const liveCall = () => bridge.state.calls.live()[0]

test('in an hour of idling and two calls the bridge causes no CDR of its own, no warning and no refused request', async () => {
  await pbx.it.phones.setBehaviour('61', { kind: 'answer', talkMs: 200 })
  await bridge.idle(60)
  for (let at = 0; at < 2; at += 1) await (await pbx.it.phones.call({ from: '60', to: '61', talkMs: 200 })).ended
  await bridge.idle(60)
  const records = await pbx.it.takeRecords(2)
  expect(records.map(({ channel }) => String(channel).replace(/-.*/, ''))).toEqual(['PJSIP/5860', 'PJSIP/5860'])
  expect({
    warnings: await pbx.complaints(),
    refused: bridge.refused,
    ami: bridge.counters.get('ami-refused'),
  }).toEqual({
    warnings: [],
    refused: [],
    ami: 0,
  })
  expect(bridge.counters.get('forwarding-missing')).toBeGreaterThan(0)
  expect(bridge.state.endpoints.hasForwarding).toBe(false)
})

test('live-05 urgent messages count as new, live-06 mailboxes are followed as pjsip.conf has them', async () => {
  // One urgent and one new of 6000@voicemail, and one of 60, whose context is the default one.
  expect(bridge.mailboxes.of('PJSIP/5860')).toEqual({ new: 3, old: 0 })
  expect(bridge.mailboxes.of('PJSIP/5861')).toEqual({ new: 0, old: 0 })
  expect(bridge.mailboxes.unfollowed).toEqual(['x'.repeat(300)])
})

test('an endpoint for anonymous callers is no phone, and no list differs', async () => {
  const names = bridge.state.endpoints.all().map(({ endpoint }) => endpoint)
  expect(names.sort()).toEqual(['PJSIP/5860', 'PJSIP/5861', 'PJSIP/5899', 'PJSIP/mytrunk'])
  expect(await bridge.differences()).toEqual([])
})

test('live-03 a caller name of 1,110 characters is cut; its call begins, is in the snapshot and ends', async () => {
  const [connections, malformed] = [bridge.connections, bridge.counters.get('ari-frame-malformed')]
  await pbx.it.phones.setBehaviour('61', { kind: 'ring' })
  const call = await pbx.it.phones.call({ from: '60', to: '500' })
  await until('the phone to ring', async () => bridge.state.endpoints.get('PJSIP/5861')?.deviceState === 'RINGING')
  expect(liveCall()).toMatchObject({ caller: { number: '60', name: longName.slice(0, 200) } })
  // A bridge that connects now reads the same channel over REST.
  expect(await bridge.differences()).toEqual([])
  expect((await bridge.readAgain()).calls.live()[0]).toMatchObject({ caller: { name: longName.slice(0, 200) } })
  await call.hangup()
  await until('the call to end', async () => bridge.state.calls.live().length === 0)
  expect(bridge.counters.get('ari-field-repaired')).toBeGreaterThan(0)
  expect(bridge.counters.get('ari-frame-malformed')).toBe(malformed)
  expect(bridge.connections).toBe(connections)
})

test('a name that the dial plan looks up during the call replaces an empty one', async () => {
  const call = await pbx.it.phones.call({ from: '60', to: '501' })
  await until('the call', async () => liveCall()?.caller.number === '60')
  await until('the name', async () => liveCall()?.caller.name === 'Zoe Martin')
  await call.hangup()
})

test('a phone that left the configuration leaves the board', async () => {
  const file = join(pbx.it.pbx.configurationFolder, 'pjsip.conf')
  const text = await readFile(file, 'utf8')
  await writeFile(file, text.slice(0, text.indexOf('\n[5899]')))
  await pbx.it.pbx.cli('module reload res_pjsip.so')
  await until('the sweep to miss it, or an event to say so', async () => {
    const isKnown = bridge.state.endpoints.get('PJSIP/5899') !== undefined
    return !isKnown || (await bridge.differences()).includes('PJSIP/5899 gone')
  })
})

/*
 * Goal: `switchhook-bridge setup` makes this PBX ready without ending a call, and every file is as before after `--undo`.
 * Method: the same Asterisk after everything that Switchhook needs was taken away from it; the bundle as a process.
 */
test('setup asks first, is taken back after a kill, keeps a call alive, and can be undone byte for byte', async () => {
  await bridge[Symbol.asyncDispose]()
  await forgetSwitchhook(pbx.it)
  const etc = pbx.it.pbx.configurationFolder
  const before = await filesOf(etc)
  const deployment = sharedDeployment()
  const setup = new SetupCommand(await buildBridgeProgram(process.cwd()), deployment, join(folder, 'setup'), pbx.it)
  const site = await makeSite({ site: `setup-${process.pid}`, name: 'Office' }, deployment.cloud)
  const code = await newCode(site.site, deployment.cloud)

  const refused = await setup.run([code, ...setup.onThisPbx], 'n\n')
  expect(refused).toMatchObject({ status: 75, err: '' })
  expect(refused.out).toContain('+switchhook.csv => ')
  expect(refused.out).toContain('trunks: PJSIP/mytrunk')
  expect(refused.out).toContain('Nothing was changed.')
  expect(await filesOf(etc)).toEqual(before)

  // Killed as soon as the journal says that the changes have begun.
  const killed = setup.start([code, '--yes', ...setup.onThisPbx])
  await until('the changes to begin', async () => (await readJournal(setup.folder)) !== undefined)
  killed.child.kill('SIGKILL')
  await killed.ran.catch(() => undefined)
  await pbx.it.phones.setBehaviour('61', { kind: 'answer' })
  const call = await pbx.it.phones.call({ from: '60', to: '61' })
  const done = await setup.run([code, '--yes', ...setup.onThisPbx])
  expect(done).toMatchObject({ status: 0, err: '' })
  expect(done.out).toContain('An earlier setup was interrupted: its changes were taken back.')
  expect(done.out).toMatch(/All \d+ checks are ok/)
  expect(await pbx.it.pbx.cli('core show channels count')).toContain('1 active call')
  await call.hangup()
  await until('the record of the call', async () =>
    (await pbx.it.allRecords()).some(({ disposition }) => disposition === 'ANSWERED'),
  )

  const undone = await setup.run(['--undo'])
  expect(undone).toMatchObject({ status: 0, out: expect.stringContaining('Every file is as it was before setup.') })
  expect(await filesOf(etc)).toEqual(before)

  // Another bridge has used the code: setup says so, and takes back what it did.
  const late = await setup.run([code, '--yes', ...setup.onThisPbx])
  expect(late).toMatchObject({ status: 77, err: expect.stringMatching(/refused to enrol this bridge/) })
  expect(await filesOf(etc)).toEqual(before)
  expect(await readJournal(setup.folder)).toBeUndefined()
})
