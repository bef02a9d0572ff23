import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { reservePorts } from '../../infra/asterisk/instance/ports.ts'
import { Phones } from '../../infra/asterisk/phones.ts'
import { type CdrRow, recordsIn, testInstallation } from '../pbx/support/pbx.ts'
import { complaintsOf, createRendered } from '../pbx/support/rendered-pbx.ts'
import { callFromOutside, hasSipp, outsideAnswers, outsideSays } from '../pbx/support/trunk.ts'
import { until } from '../support/until.ts'

/**
 * Goal: every way of a call that site.yaml can describe works on the real Asterisk with what `switchhook pbx render` wrote.
 * Method: phones and providers are real SIP agents (a second Asterisk, sipp). Each row makes one call and says what must stand in
 * Asterisk's call records, and with which cause the caller's phone was released.
 *
 *     npm run campaign -- pbx-calls
 */
export async function main(): Promise<void> {
  if (!hasSipp) throw new Error('the campaign needs sipp: install the package sip-tester')
  await using world = await startWorld()
  const faults: string[] = []
  const all = rows(world)
  for (const row of all) {
    const fault = await faultOf(world, row)
    console.log(`${fault === undefined ? 'ok   ' : 'WRONG'} ${row.name}${fault === undefined ? '' : `: ${fault}`}`)
    if (fault !== undefined) faults.push(`${row.name}: ${fault}`)
  }
  const complaints = (await complaintsOf(world.pbx)).filter(
    (line) => !/outbound_registration|Unable to (create|find)|No dial/.test(line),
  )
  for (const line of complaints) console.log(`note  ${line}`)
  console.log(`${all.length} calls, ${faults.length} wrong`)
  if (faults.length > 0) throw new Error(faults.join('\n'))
}

interface Row {
  readonly name: string
  /** Makes the call, and resolves at its end with the cause, if a phone of the house placed it. */
  call(): Promise<number | undefined>
  readonly cause?: number
  /** The records of the call in their order, by some of their fields. */
  readonly records: readonly CdrRow[]
}

type World = Awaited<ReturnType<typeof startWorld>>

async function faultOf(world: World, row: Row): Promise<string | undefined> {
  const before = (await world.records()).length
  const cause = await row.call()
  await until('the calls to end', async () =>
    (await world.pbx.cli('core show channels count')).includes('0 active channels'),
  )
  await until('the records', async () => (await world.records()).length >= before + row.records.length)
  const found = (await world.records()).slice(before)
  if (row.cause !== undefined && cause !== row.cause) return `the cause is ${cause} instead of ${row.cause}`
  if (found.length !== row.records.length)
    return `${found.length} records instead of ${row.records.length}: ${JSON.stringify(found)}`
  for (const [n, wanted] of row.records.entries())
    for (const [field, value] of Object.entries(wanted))
      if (found[n]?.[field] !== value) return `${field} is ${found[n]?.[field]} instead of ${value} in record ${n + 1}`
  return undefined
}

/** A day of the week that is not today, here or in any other zone. */
const otherDay = () => ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'][(new Date().getDay() + 3) % 7]

const yaml = (trunk: number, second: number) => `
site: calls
systemName: pbx1
ringSeconds: 2
qualifySeconds: 15
extensions:
  - { number: '60', endpoint: '5860', name: Phone 60, mailbox: '6000' }
  - { number: '61', endpoint: '5861', name: Phone 61, mailbox: '6001' }
  - { number: '62', endpoint: '5862', name: Phone 62, outside: false }
  - { number: '63', endpoint: '5863', name: Phone 63 }
voicemail: { number: '888' }
groups:
  - { number: '70', extensions: ['60', '61'], otherwise: { mailbox: '6000' } }
  - { number: '72', extensions: ['62', '61'], inTurn: true }
queues: [{ number: '71', extensions: ['61'], waitSeconds: 5, otherwise: { mailbox: '6001' } }]
ivrs: [{ number: '80', greeting: beep, keys: { '1': { extension: '61' }, '2': { extension: '71' } }, seconds: 2, tries: 1, otherwise: { mailbox: '6000' } }]
hours:
  - { number: '81', open: [{ days: [mon, tue, wed, thu, fri, sat, sun], from: '00:00', to: '24:00' }], during: { extension: '61' }, outside: { mailbox: '6000' } }
  - { number: '82', open: [{ days: [${otherDay()}], from: '00:00', to: '24:00' }], during: { extension: '61' }, outside: { mailbox: '6000' } }
menus: ['514', '999']
trunks:
  - { name: mytrunk, host: 127.0.0.1, port: ${trunk}, qualifySeconds: 0, numbers: [{ number: '0479000061', extension: '61' }, { number: '0479000081', extension: '81' }, { number: '0479000999', extension: '999' }] }
  - { name: second, host: 127.0.0.1, port: ${second}, qualifySeconds: 0, from: [127.0.0.77] }
outside:
  emergency: ['112']
  routes: [{ name: all, numbers: ['X.'], trunks: [mytrunk, second] }]
`

async function startWorld() {
  const installation = await testInstallation()
  await using parts = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'pbx-calls-'))
  parts.defer(() => rm(folder, { recursive: true, force: true }))
  const spare = await reservePorts()
  const [trunk, second] = [spare.sip, spare.rtpFirst]
  const { pbx, site } = await createRendered({ installation, version: 22, yaml: yaml(trunk, second), folder })
  parts.use(pbx)
  await pbx.start()
  const phones = parts.use(new Phones({ installation, site, folder: join(folder, 'phones'), pbx }))
  await phones.start()
  await phones.registered()
  const owned = parts.move()
  const records = () => recordsIn(pbx.cdrFile)
  return { pbx, phones, trunk, second, records, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

function rows({ pbx, phones, trunk, second }: World): Row[] {
  const dial = async (from: string, to: string, talkMs = 200, digits?: string) => {
    const call = await phones.call({ from, to, talkMs, ...(digits === undefined ? {} : { digits, pressAfterMs: 800 }) })
    return (await call.ended).cause
  }
  const comesIn = async (to: string) => {
    await using caller = await callFromOutside({ from: '0612345678', to, talkMs: 300, sipPort: pbx.sipPort })
    if ((await caller.ended) !== 0) return 1
    return undefined
  }
  const does = (kind: 'answer' | 'ring' | 'busy' | 'unavailable', ...numbers: string[]) =>
    Promise.all(numbers.map((number) => phones.setBehaviour(number, { kind })))
  const answered = (src: string, dst: string, more: CdrRow = {}): CdrRow => ({
    src,
    dst,
    disposition: 'ANSWERED',
    ...more,
  })
  const toBox = (dst: string, greeting: string, box = '6001') =>
    answered('60', dst, { lastapp: 'VoiceMail', lastdata: `${box}@voicemail,${greeting}` })
  const outside = async (to: string, from = '60') => {
    await using far = await outsideAnswers(trunk)
    const cause = await dial(from, to)
    return (await far.ended) === 0 ? cause : -1
  }
  return [
    {
      name: '60 calls 61',
      call: () => dial('60', '61'),
      cause: 16,
      records: [answered('60', '61', { dcontext: 'internes' })],
    },
    { name: '61 calls 60', call: () => dial('61', '60'), cause: 16, records: [answered('61', '60')] },
    {
      name: '63, without a mailbox, calls 61',
      call: () => dial('63', '61'),
      cause: 16,
      records: [answered('63', '61')],
    },
    {
      name: '61 is busy: voicemail',
      call: () => does('busy', '61').then(() => dial('60', '61', 2500)),
      records: [{ dst: '61', disposition: 'BUSY' }, toBox('61', 'b')],
    },
    {
      name: '61 does not answer: voicemail',
      call: () => does('ring', '61').then(() => dial('60', '61', 2500)),
      records: [{ dst: '61', disposition: 'NO ANSWER' }, toBox('61', 'u')],
    },
    {
      name: '61 is offline: voicemail',
      call: async () => {
        await phones.unregister('61')
        const cause = await dial('60', '61', 2500)
        await phones.register('61')
        await does('answer', '61')
        return cause
      },
      records: [toBox('61', 'u')],
    },
    {
      name: '61 hears its messages',
      call: () => dial('61', '888', 1500),
      cause: 16,
      records: [answered('61', '888', { lastapp: 'VoiceMailMain', lastdata: '6001@voicemail' })],
    },
    {
      name: 'a phone without mailbox is asked for one',
      call: () => dial('62', '888', 500),
      cause: 16,
      records: [answered('62', '888', { lastdata: '@voicemail' })],
    },
    {
      name: 'the group: 61 answers',
      call: () => does('ring', '60').then(() => dial('62', '70')),
      cause: 16,
      records: [answered('62', '70'), { dst: '70', disposition: 'NO ANSWER' }].reverse(),
    },
    {
      name: 'the queue: 61 answers',
      call: () => dial('60', '71'),
      cause: 16,
      records: [answered('60', '71', { lastapp: 'Queue' })],
    },
    { name: 'hours: open', call: () => dial('60', '81'), cause: 16, records: [answered('60', '61')] },
    {
      name: 'hours: closed',
      call: () => dial('61', '82', 300),
      cause: 16,
      records: [answered('61', '82', { lastapp: 'VoiceMail' })],
    },
    { name: 'the menu: key 1', call: () => dial('60', '80', 2500, '1'), cause: 16, records: [answered('60', '61')] },
    {
      name: 'the menu: no key',
      call: () => dial('60', '80', 5000),
      cause: 16,
      records: [answered('60', '80', { lastapp: 'VoiceMail' })],
    },
    {
      name: 'the menu: a key that leads nowhere',
      call: () => dial('60', '80', 4000, '7'),
      cause: 16,
      records: [answered('60', '80', { lastapp: 'VoiceMail' })],
    },
    {
      name: '514 without a bridge: the fallback answers',
      call: () => dial('60', '514', 500),
      cause: 16,
      records: [answered('60', '514')],
    },
    {
      name: '999 without a bridge: the fallback answers',
      call: () => dial('60', '999', 500),
      cause: 16,
      records: [answered('60', '999')],
    },
    {
      name: 'from outside to 61',
      call: () => comesIn('0479000061'),
      records: [answered('0612345678', '0479000061', { dcontext: 'entrants' })],
    },
    {
      name: 'from outside to the hours: the record keeps the number',
      call: () => comesIn('0479000081'),
      records: [answered('0612345678', '61', { did: '0479000081' })],
    },
    {
      name: 'from outside to the menu 999',
      call: () => comesIn('0479000999'),
      records: [answered('0612345678', '999', { did: '0479000999' })],
    },
    { name: 'from outside to a number inside: refused', call: () => comesIn('61'), cause: 1, records: [] },
    {
      name: 'from outside to another number outside: refused',
      call: () => comesIn('00612345678'),
      cause: 1,
      records: [],
    },
    {
      name: 'to outside by the prefix',
      call: () => outside('00612345678'),
      cause: 16,
      records: [answered('60', '00612345678', { lastdata: 'PJSIP/0612345678@mytrunk,4' })],
    },
    {
      name: 'the first trunk is full: the second one calls',
      call: async () => {
        await using full = await outsideSays(trunk, 503)
        await using far = await outsideAnswers(second)
        const cause = await dial('60', '00612345678')
        return (await full.ended) + (await far.ended) === 0 ? cause : -1
      },
      cause: 16,
      records: [
        { dst: '00612345678', lastdata: 'PJSIP/0612345678@mytrunk,4' },
        answered('60', '00612345678', { lastdata: 'PJSIP/0612345678@second,4' }),
      ],
    },
    {
      name: 'a premium number: refused',
      call: () => dial('60', '00899123456'),
      cause: 21,
      records: [{ dst: '00899123456', lastapp: 'Hangup' }],
    },
    {
      name: 'a satellite number: refused',
      call: () => dial('60', '000881612345678'),
      cause: 21,
      records: [{ lastapp: 'Hangup' }],
    },
    {
      name: 'a phone that may not call outside',
      call: () => dial('62', '00612345678'),
      cause: 21,
      records: [{ lastapp: 'Hangup' }],
    },
    {
      name: 'the same phone calls 112',
      call: () => outside('112', '62'),
      cause: 16,
      records: [answered('62', '112', { lastdata: 'PJSIP/112@mytrunk,4' })],
    },
    {
      name: 'the guard key blocks 60',
      call: async () => {
        await pbx.cli('database put sortie-bloquee 60 1')
        const cause = await dial('60', '00612345678')
        await pbx.cli('database del sortie-bloquee 60')
        return cause
      },
      cause: 21,
      records: [{ dst: '00612345678', lastapp: 'Hangup' }],
    },
    {
      name: 'and lets it call again',
      call: () => outside('00612345678'),
      cause: 16,
      records: [answered('60', '00612345678')],
    },
    { name: 'a number that nobody has', call: () => dial('60', '69'), cause: 1, records: [] },
  ]
}
