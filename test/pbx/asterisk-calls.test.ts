import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type Cdr, cdrFields } from '../../contracts/cdr.ts'
import { type LiveState, watchPbx } from './support/company-live.ts'
import { liveFaults, numberingOf } from './support/live-archive.ts'
import { startPbx, type TestPbx } from './support/pbx.ts'

let it: TestPbx
let live: LiveState
beforeAll(async () => {
  it = await startPbx({ ringSeconds: 1 })
  live = await watchPbx(it.pbx)
})
afterAll(async () => {
  await live?.[Symbol.asyncDispose]()
  await it?.[Symbol.asyncDispose]()
})

/** Texts that other ways of writing a record cut, drop or leave without escapes. */
const hostile = [
  'Dan "D" Roe',
  'back\\slash',
  'a,b',
  'sm)ile :) {x}',
  'tab\there',
  'émoji 😀',
  'semi;colon',
  'dollar ${x',
  '","',
]

test('Asterisk writes a CDR whole even if its texts contain quotes, separators and line breaks', async () => {
  const { ariUrl, ariUser, ariPassword } = it.pbx
  const authorization = `Basic ${btoa(`${ariUser}:${ariPassword}`)}`
  for (const text of hostile) {
    const variables = { 'CDR(userfield)': `${text}\nline 2`, 'CDR(did)': '0145678900', 'CDR(cnam)': text }
    // No phone: the call fails at once, and leaves two records, of which one has the variables.
    const call = { endpoint: 'Local/62@nowhere', extension: '61', context: 'click2call', priority: 1, variables }
    const body = JSON.stringify({ ...call, callerId: `"${text.replaceAll('"', "'")}" <60>` })
    const headers = { authorization, 'content-type': 'application/json' }
    expect((await fetch(`${ariUrl}/channels`, { method: 'POST', headers, body })).status).toBe(200)
  }
  const records = (await it.takeRecords(2 * hostile.length)).filter(({ userfield }) => userfield !== '')
  const told = records.map(({ clid, userfield, did, cnam }) => ({ clid, userfield, did, cnam }))
  const expected = hostile.map((text) => ({
    clid: `"${text.replaceAll('"', "'").replaceAll('\\', '')}" <60>`,
    userfield: `${text}\nline 2`,
    did: '0145678900',
    cnam: text,
  }))
  expect(told).toEqual(expect.arrayContaining(expected))
  expect(told).toHaveLength(hostile.length)
})

const internal = { src: '60', dst: '61', dcontext: 'internes', clid: '"Phone 60" <60>' }

test('writes one call record with all 21 fields for an answered call', async () => {
  await it.phones.setBehaviour('61', { kind: 'answer', afterMs: 100 })
  const call = await it.phones.call({ from: '60', to: '61', talkMs: 1100 })
  expect(await call.answered).toBe(true)
  expect(await call.ended).toMatchObject({ answered: true, cause: 16 })
  const [record, ...more] = await it.takeRecords(1)
  expect(more).toEqual([])
  expect(Object.keys(record ?? {})).toEqual([...cdrFields])
  expect(record).toMatchObject({ ...internal, disposition: 'ANSWERED', lastapp: 'Dial' })
  expect(record?.['channel']).toMatch(/^PJSIP\/5860-/)
  expect(record?.['dstchannel']).toMatch(/^PJSIP\/5861-/)
  expect(record?.['uniqueid']).toMatch(/^pbx1-\d+\.\d+$/)
  expect(record?.['linkedid']).toBe(record?.['uniqueid'])
  expect(record?.['start']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}$/)
  expect(record?.['billsec']).toBeGreaterThanOrEqual(1)
})

test('writes one call record if the called phone hangs up first', async () => {
  await it.phones.setBehaviour('61', { kind: 'answer', talkMs: 50 })
  const call = await it.phones.call({ from: '60', to: '61' })
  expect(await call.ended).toMatchObject({ answered: true, cause: 16 })
  expect(await it.takeRecords(1)).toMatchObject([{ ...internal, disposition: 'ANSWERED' }])
})

test.each([
  ['busy', { kind: 'busy' }, 'BUSY', 'b'],
  ['refused', { kind: 'refuse' }, 'NO ANSWER', 'u'],
  ['unavailable', { kind: 'unavailable' }, 'NO ANSWER', 'u'],
  ['not answered', { kind: 'ring' }, 'NO ANSWER', 'u'],
] as const)(
  'a call that is %s goes to voicemail, and both records have the dialled number',
  async (_, behaviour, disposition, greeting) => {
    await it.phones.setBehaviour('61', behaviour)
    const call = await it.phones.call({ from: '60', to: '61', talkMs: 100 })
    await call.ended
    const records = await it.takeRecords(2)
    expect(records).toMatchObject([
      { ...internal, disposition, lastapp: 'Dial' },
      { ...internal, disposition: 'ANSWERED', lastapp: 'VoiceMail', lastdata: `6001@voicemail,${greeting}` },
    ])
    expect(records[1]?.['uniqueid']).toBe(records[0]?.['uniqueid'])
  },
)

test('a call to an unregistered phone goes to voicemail without ringing', async () => {
  await it.phones.unregister('61')
  const call = await it.phones.call({ from: '60', to: '61', talkMs: 100 })
  await call.ended
  expect(await it.takeRecords(1)).toMatchObject([{ ...internal, lastapp: 'VoiceMail', dstchannel: '' }])
  await it.phones.register('61')
})

test('writes one call record if the caller hangs up while the phone rings', async () => {
  await it.phones.setBehaviour('61', { kind: 'ring' })
  const call = await it.phones.call({ from: '60', to: '61' })
  expect(await call.ringing).toBe(true)
  expect(await call.hangup()).toMatchObject({ answered: false })
  expect(await it.takeRecords(1)).toMatchObject([{ ...internal, disposition: 'NO ANSWER', lastapp: 'Dial' }])
})

test('a call to an unknown number ends with cause 1 and writes no record', async () => {
  const call = await it.phones.call({ from: '60', to: '998' })
  expect(await call.ended).toMatchObject({ answered: false, cause: 1 })
  expect(await it.takeRecords(0)).toEqual([])
})

test('the simulated phones answer 603 if they refuse, 486 if busy and 480 if unavailable', async () => {
  const { pbx, phones } = it
  const causes: unknown[] = []
  await using socket = new WebSocketOf(
    `${pbx.ariUrl.replace('http', 'ws')}/events?app=look&subscribeAll=true`,
    `${pbx.readerUser}:${pbx.readerPassword}`,
  )
  await socket.opened((event) => {
    if (event.type === 'ChannelDestroyed' && event.channel.name.startsWith('PJSIP/5861')) causes.push(event.tech_cause)
  })
  for (const kind of ['refuse', 'busy', 'unavailable'] as const) {
    await phones.setBehaviour('61', { kind })
    await (await phones.call({ from: '60', to: '61', talkMs: 50 })).ended
    await it.takeRecords(2)
  }
  expect(causes).toEqual([603, 486, 480])
})

test('writes one record for each of forty simultaneous calls', async () => {
  await it.phones.setBehaviour('61', { kind: 'answer' })
  const calls = await Promise.all(
    Array.from({ length: 40 }, () => it.phones.call({ from: '60', to: '61', talkMs: 300 })),
  )
  const ends = await Promise.all(calls.map((call) => call.ended))
  expect(ends.every((end) => end.answered)).toBe(true)
  const records = await it.takeRecords(40)
  expect(new Set(records.map((record) => `${record['uniqueid']}/${record['sequence']}`)).size).toBe(40)
})

test('no call of this file made Asterisk or the phones log a warning', async () => {
  // A registration whose nonce expires on a busy machine is repeated, with a warning; it is no part of a call.
  const isOfCall = (line: string) => /WARNING|ERROR/.test(line) && !line.includes('res_pjsip_outbound_registration.c')
  for (const file of [it.pbx.logFile, it.phones.logFile])
    expect((await readFile(file, 'utf8')).split('\n').filter(isOfCall)).toEqual([])
  expect(await it.takeRecords(0)).toEqual([])
})

test('the last live state of each call of this file says what the call log says', async () => {
  const cdrs = (await it.allRecords()) as unknown as Cdr[]
  expect(cdrs.length).toBeGreaterThan(0)
  expect(liveFaults(live.lastOfCalls(), cdrs, numberingOf(it.site))).toEqual([])
})

/** A WebSocket for ARI events that closes at the end of its block. */
class WebSocketOf {
  readonly #socket: WebSocket
  constructor(url: string, login: string) {
    this.#socket = new WebSocket(url, { auth: login })
  }
  // biome-ignore lint/suspicious/noExplicitAny: events are read as Asterisk sends them
  async opened(onEvent: (event: any) => void) {
    this.#socket.on('message', (data) => onEvent(JSON.parse(data.toString())))
    await new Promise((resolve, reject) => this.#socket.once('open', resolve).once('error', reject))
  }
  async [Symbol.asyncDispose]() {
    const closed = once(this.#socket, 'close')
    this.#socket.close()
    await closed
  }
}
