import * as v from 'valibot'
import { expect, test } from 'vitest'
import type { CdrLine } from '../../bridge/normalise/cdr.ts'
import { readCdrRecord } from '../../bridge/normalise/cdr-record.ts'
import { type Publication, Stamp } from '../../bridge/normalise/stamp.ts'
import { BridgeEvent, bridgeSource, cdrId, knownTypes } from '../../contracts/events.ts'

const time = '2026-11-23T19:03:12.604Z'
const tellings: Publication[] = [
  { kind: 'gap', state: { from: '2026-11-23T19:00:00.000Z', to: time, reason: 'no answer to pings' } },
  {
    kind: 'endpoint',
    state: {
      endpoint: 'PJSIP/5860',
      technology: 'PJSIP',
      resource: '5860',
      deviceState: 'INUSE',
      reachability: 'online',
      since: '2026-11-23T19:03:10.085Z',
    },
  },
  {
    kind: 'call',
    state: {
      call: 'pbx1-1795460590.0',
      state: 'ended',
      caller: { number: '60', name: 'Phone 5860', endpoint: 'PJSIP/5860' },
      dialled: '61',
      callees: [{ number: '61', name: 'Phone 5861', endpoint: 'PJSIP/5861' }],
      startedAt: '2026-11-23T19:03:10.079Z',
      answeredAt: '2026-11-23T19:03:10.590Z',
      endedAt: time,
      cause: 16,
    },
  },
  {
    kind: 'queue',
    id: '400/members/1',
    state: {
      part: 'member',
      queue: '400',
      interface: 'Local/60@from-queue/n',
      name: 'Phone 5860',
      extension: '60',
      stateInterface: 'hint:60@ext-local',
      state: 'NOT_INUSE',
      since: time,
      paused: { reason: 'lunch', since: time },
      penalty: 2,
      callsTaken: 7,
      lastCallAt: time,
      membership: 'static',
    },
  },
  {
    kind: 'epoch-ready',
    state: { run: '4b1d7f0e-8d5c-4d3a-9f4e-0a7b5d0c2f11', liveCalls: [], endpoints: ['PJSIP/5860'] },
  },
  {
    kind: 'heartbeat',
    state: {
      run: '4b1d7f0e-8d5c-4d3a-9f4e-0a7b5d0c2f11',
      version: '0.1.0',
      asterisk: '22.4.1',
      pbx: 'up',
      pbxSince: time,
      checks: [
        { id: 'clock', state: 'ok' },
        { id: 'cdr-zone', state: 'failed', reason: 'the times differ by 60 minutes', repair: 'Set cdr.zone' },
      ],
      lastGap: { from: time, to: time, reason: 'no answer to pings' },
      counters: { 'ari-frame-malformed': 2 },
    },
  },
  {
    kind: 'attack',
    state: {
      address: '203.0.113.9',
      addresses: 1,
      count: 42,
      from: '2026-11-23T19:00:00.000Z',
      to: time,
      kinds: { InvalidAccountID: 40, ChallengeResponseFailed: 2 },
    },
  },
]
const cdrLine =
  '{"accountcode":"","src":"60","dst":"61","dcontext":"internal","clid":"\\"Phone 5860\\" <60>","channel":"PJSIP/5860-00000002","dstchannel":"PJSIP/5861-00000003","lastapp":"Dial","lastdata":"PJSIP/5861,5","start":"2026-11-23T19:03:14+0000","answer":"","end":"2026-11-23T19:03:14+0000","duration":0,"billsec":0,"disposition":"BUSY","amaflags":"DOCUMENTATION","uniqueid":"pbx1-1795460594.3","userfield":"","peeraccount":"","linkedid":"pbx1-1795460594.3","sequence":2}'

const digest = {
  specversion: '1.0',
  id: 'lyon-1/cdr-digest/4b1d7f0e/0',
  source: bridgeSource('lyon-1'),
  subject: '2026-11-22T23:00:00.000Z',
  type: 'switchhook.cdr-digest.v1',
  time,
  data: {
    run: '4b1d7f0e',
    day: '2026-11-23',
    from: '2026-11-22T23:00:00.000Z',
    to: '2026-11-23T23:00:00.000Z',
    part: 0,
    parts: 1,
    count: 1,
    checksum: 'd41d8cd98f00b204e9800998ecf8427e',
    prints: ['pbx1-1795460594.3/2/0a1b2c3d4e5f'],
  },
}

const erased = {
  specversion: '1.0',
  id: 'lyon-1/erased/7c1e90b2-receipt',
  source: bridgeSource('lyon-1'),
  subject: '7c1e90b2-receipt',
  type: 'switchhook.erased.v1',
  time,
  data: {
    erasure: '7c1e90b2-receipt',
    removed: { 'items in quarantine': 1, 'records in quarantine': 2, 'claims of calls': 0 },
  },
}

function events(): unknown[] {
  const stamp = new Stamp('lyon-1', 1795460400)
  const cdr = readLine(cdrLine)
  if (cdr?.kind !== 'cdr') throw new Error('the line of the golden CDR cannot be read')
  return [...tellings.map((telling) => stamp.event(telling, time)), cdr.event, digest, erased]
}

test('one event of each type matches its golden file', async () => {
  for (const event of events()) {
    const { type } = v.parse(BridgeEvent, event)
    const text = `${JSON.stringify(event, null, 2)}\n`
    await expect(text).toMatchFileSnapshot(`../golden/contracts/${type}.json`)
  }
})

test('every known event type has a golden file', () => {
  expect(new Set(events().map((event) => v.parse(BridgeEvent, event).type))).toEqual(knownTypes)
})

test.each(events().map((event) => [v.parse(BridgeEvent, event).type, event]))(
  'keeps fields that a later bridge adds to an event of type %s',
  (_type, event) => {
    const later = structuredClone(event) as { data: Record<string, unknown> } & Record<string, unknown>
    later['tracestate'] = 'a=1'
    later.data['mood'] = { of: 'the future' }
    expect(v.parse(BridgeEvent, later)).toEqual(later)
  },
)

test('distinguishes an unknown event type from a malformed event of a known type', () => {
  expect(knownTypes.has('switchhook.call.v2')).toBe(false)
  expect(v.safeParse(BridgeEvent, { type: 'switchhook.call.v1' }).success).toBe(false)
})

test('the event id of a CDR consists of the site and its natural key, uniqueid and sequence', () => {
  expect(cdrId('lyon-1', { uniqueid: 'pbx1-1795460594.3', sequence: 2 })).toBe('lyon-1/cdr/pbx1-1795460594.3/2')
  expect(bridgeSource('lyon-1')).toBe('/sites/lyon-1/bridge')
})

test('a CDR event carries the original line if the row does not serialise back to it', () => {
  const spaced = readLine(cdrLine.replace('{"accountcode"', '{ "accountcode"'))
  const plain = readLine(cdrLine)
  expect(spaced).toMatchObject({ event: { data: { raw: expect.stringContaining('{ "accountcode"') } } })
  expect(plain).toMatchObject({ kind: 'cdr', event: { data: expect.not.objectContaining({ raw: expect.anything() }) } })
})

function readLine(text: string): CdrLine | undefined {
  return readCdrRecord('lyon-1', Buffer.from(text), { zone: 'UTC' })[0]?.line
}
