import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readMenuFrame } from '../../bridge/menus/menu-events.ts'
import type { Snapshot } from '../../bridge/normalise/ari-objects.ts'
import { readCdrRecord } from '../../bridge/normalise/cdr-record.ts'
import { readFrame } from '../../bridge/normalise/frames.ts'
import { mailboxCheck } from '../../bridge/normalise/mailboxes.ts'
import { PbxState } from '../../bridge/normalise/pbx-state.ts'
import { cutText, isShort } from '../../contracts/text.ts'

/*
 * Goal: the live side is right at its edges: late names, late events, phones that leave, and endpoints that are no phones.
 * Method: events as Asterisk 22 writes them, some of them recorded, applied to the bridge's state.
 */

const now = '2026-11-23T19:00:00.000Z'
const recorded = (name: string) =>
  readFileSync(join(import.meta.dirname, '../recordings', name), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('{'))

function apply(state: PbxState, ...events: (object | string)[]) {
  return events.flatMap((event) => {
    const frame = readFrame(Buffer.from(typeof event === 'string' ? event : JSON.stringify(event)))
    return frame.kind === 'event' ? state.apply(frame.event, now) : []
  })
}

const channel = (caller: { name: string; number: string }, over = {}) => ({
  id: 'pbx1-1.1',
  name: 'PJSIP/mytrunk-00000001',
  state: 'Ring',
  caller,
  dialplan: { context: 'in', exten: '60', app_name: 'Dial', app_data: '' },
  creationtime: '2026-11-23T18:59:59.000+0000',
  ...over,
})

test('a name that a directory look-up sets after the number replaces an empty one, and no other name does', () => {
  const state = new PbxState()
  apply(state, { type: 'ChannelCreated', channel: channel({ name: '', number: '0612345678' }) })
  const [named] = apply(state, {
    type: 'ChannelCallerId',
    channel: channel({ name: 'Zoe Martin', number: '+33612345678' }),
  })
  expect(named?.state).toMatchObject({ caller: { name: 'Zoe Martin', number: '0612345678' } })
  const later = channel({ name: 'Somebody else', number: '0612345678' })
  expect(apply(state, { type: 'ChannelCallerId', channel: later })).toEqual([])
})

test('live-03 a name of 1,100 characters is cut, and the call ends with its ChannelDestroyed', () => {
  const state = new PbxState()
  const long = channel({ name: '\u{1f600}'.repeat(1_100), number: '0612345678' })
  const [begun] = apply(state, { type: 'ChannelCreated', channel: long })
  expect(begun?.state).toMatchObject({ caller: { name: '\u{1f600}'.repeat(200) } })
  apply(state, { type: 'ChannelDestroyed', channel: long, cause: 16 })
  expect(state.calls.live()).toEqual([])
})

test('cutText cuts between code points, and isShort counts what JSON Schema counts', () => {
  expect(cutText('\u{1f600}'.repeat(3), 2)).toBe('\u{1f600}'.repeat(2))
  expect(cutText('a\ud83d', 5)).toBe('a\ufffd')
  expect([isShort('\u{1f600}'.repeat(2), 2), isShort('\u{1f600}'.repeat(3), 2), isShort('abc', 2)]).toEqual([
    true,
    false,
    false,
  ])
})

test('a created event that arrives after the destroyed one revives nothing, and a second channel of the same id lives', () => {
  const state = new PbxState()
  const one = channel({ name: '', number: '0612345678' })
  apply(state, { type: 'ChannelDestroyed', channel: one, cause: 16 }, { type: 'ChannelCreated', channel: one })
  expect(state.calls.live()).toEqual([])
  apply(state, { type: 'ChannelCreated', channel: { ...one, creationtime: '2026-11-23T19:00:10.000+0000' } })
  expect(state.calls.live()).toHaveLength(1)
})

test('every recorded call leaves nothing live if its created events are repeated at the end', () => {
  for (const name of ['internal_answered.jsonl', 'fork.jsonl', 'trunk_in.jsonl', 'transfer_blind.jsonl']) {
    const state = new PbxState()
    const lines = recorded(name)
    apply(state, ...lines)
    const live = state.calls.live()
    apply(state, ...lines.filter((line) => line.includes('"ChannelCreated"')))
    expect(state.calls.live(), name).toEqual(live)
  }
})

const device = (name: string, state: string) => ({ type: 'DeviceStateChanged', device_state: { name, state } })
const none: Snapshot = { endpoints: [], deviceStates: [], channels: [], bridges: [], linkedids: new Map() }
const phones = (...resources: string[]): Snapshot => ({
  ...none,
  endpoints: resources.map((resource) => ({ technology: 'PJSIP', resource, state: 'online' })),
  deviceStates: resources.map((resource) => ({ name: `PJSIP/${resource}`, state: 'NOT_INUSE' })),
})
const names = (state: PbxState) => state.endpoints.all().map(({ endpoint }) => endpoint)

test('a phone whose device state becomes INVALID leaves, stays away, and has its number again if it comes back', () => {
  const state = new PbxState()
  state.resynchronise(phones('5860', '5861'), now)
  state.endpoints.describe([{ endpoint: 'PJSIP/5860', number: '60', name: 'Phone 60' }])
  expect(apply(state, device('PJSIP/5860', 'INVALID'))).toEqual([])
  const lost = { type: 'ContactStatusChange', endpoint: { technology: 'PJSIP', resource: '5860', state: 'offline' } }
  apply(state, lost, device('PJSIP/5860', 'INVALID'))
  expect([names(state), state.endpoints.leftCount]).toEqual([['PJSIP/5861'], 1])
  apply(state, device('PJSIP/5860', 'NOT_INUSE'))
  expect(state.endpoints.get('PJSIP/5860')).toMatchObject({ number: '60', deviceState: 'NOT_INUSE' })
})

test('a phone that is gone from the list is a difference; a device of a technology that Asterisk does not list is none', () => {
  const state = new PbxState()
  state.resynchronise(phones('5860', '5861'), now)
  apply(state, device('DAHDI/1', 'NOT_INUSE'))
  expect(state.differences(phones('5860', '5861'), now)).toEqual([])
  expect(state.differences(phones('5860'), now)).toEqual(['PJSIP/5861 gone'])
})

test('the sweep sees a phone that lost its contact without an event', () => {
  const state = new PbxState()
  state.resynchronise(phones('5860'), now)
  const [endpoint] = phones('5860').endpoints
  const lost = { ...none, endpoints: endpoint ? [{ ...endpoint, state: 'offline' }] : [] }
  expect(
    state.differences({ ...lost, deviceStates: [{ name: 'PJSIP/5860', state: 'UNAVAILABLE' }] }, now),
  ).toHaveLength(1)
  expect(state.differences({ ...lost, deviceStates: [{ name: 'PJSIP/5860', state: 'UNKNOWN' }] }, now)).toHaveLength(1)
})

test('a device state that could not be read keeps the known one', () => {
  const state = new PbxState()
  state.resynchronise(phones('5860'), now)
  const unread = { ...phones('5860'), deviceStates: [] }
  expect(state.differences(unread, now)).toEqual([])
  state.resynchronise(unread, now)
  expect(state.endpoints.get('PJSIP/5860')).toMatchObject({ deviceState: 'NOT_INUSE' })
})

test('endpoints for anonymous callers, messages and the management of softphones are not phones', () => {
  const state = new PbxState()
  const others = phones('anonymous', 'anonymous@example.com', 'dpma_endpoint', '5860')
  state.resynchronise(
    { ...others, endpoints: [...others.endpoints, { technology: 'Message', resource: 'x', state: 'online' }] },
    now,
  )
  apply(state, device('PJSIP/anonymous', 'INUSE'), device('PJSIP/dpma_endpoint', 'UNAVAILABLE'))
  expect(names(state)).toEqual(['PJSIP/5860'])
})

test('a frame of the menus that is no JSON or lacks its channel is malformed, and one of another type is ignored', () => {
  const read = (text: string) => readMenuFrame(Buffer.from(text))
  expect(read('{"type":"Stasis')).toBe('malformed')
  expect(read('{"type":"StasisEnd","channel":{}}')).toBe('malformed')
  expect(read('{"type":"Dial"}')).toBe('ignored')
  expect(read('{"type":"StasisStart","args":["514"],"channel":{"id":"c1","caller":{"number":7}}}')).toMatchObject({
    args: ['514'],
    channel: { id: 'c1', caller: { number: '' } },
  })
})

test('records of channels by which the bridge asks the dial plan are no CDRs, in CSV and in JSON', () => {
  const csv = (name: string) =>
    `"","","lire","renvoi-api","","${name}","","","","2026-11-23 19:00:00","","2026-11-23 19:00:00",0,0,"FAILED","DOCUMENTATION","pbx1-1795460594.1","","","pbx1-1795460594.1",1`
  const kinds = (line: string) =>
    readCdrRecord('lyon-1', Buffer.from(line), { zone: 'UTC' }).map(({ line: { kind } }) => kind)
  expect(kinds(csv('Local/lire@renvoi-api-00000007;1'))).toEqual(['own'])
  expect(kinds(csv('PJSIP/5860-00000007'))).toEqual(['cdr'])
})

test('live-06 a mailbox that cannot be followed is named in the check', () => {
  expect(mailboxCheck({ kind: 'read', unfollowed: [] }).state).toBe('ok')
  const check = mailboxCheck({ kind: 'read', unfollowed: ['x'.repeat(300), 'b', 'c', 'd', 'e', 'f'] })
  expect(check).toMatchObject({ state: 'warning', reason: expect.stringContaining('"b", "c", "d", "e" and 1 more') })
  expect(check.reason.length).toBeLessThan(300)
})

test.each([
  [
    { kind: 'no-modules', modules: ['func_pjsip_aor.so'] },
    /has not loaded func_pjsip_aor/,
    /module load func_pjsip_aor/,
  ],
  [
    { kind: 'denied', actions: ['Getvar', 'MailboxCount'] },
    /refuses Getvar and MailboxCount/,
    /`reporting` to `write`/,
  ],
  [{ kind: 'unread', reason: '127.0.0.1:5038: ECONNREFUSED' }, /not counted: 127.0.0.1:5038/, /enabled = yes/],
] as const)('the check of mailboxes is a warning if they cannot be read: %j', (reading, reason, repair) => {
  const check = mailboxCheck(reading)
  expect(check).toMatchObject({
    state: 'warning',
    reason: expect.stringMatching(reason),
    repair: expect.stringMatching(repair),
  })
})
