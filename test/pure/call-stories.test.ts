import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Call } from '../../contracts/calls.ts'
import type { Cdr } from '../../contracts/cdr.ts'
import { convertRow, type TableRow } from '../../contracts/cdr-row/table-row.ts'
import { callOf } from '../../functions/domain/calls/call.ts'
import type { Numbering } from '../../functions/domain/phone-number.ts'
import { readRanges, unknownLines } from '../../functions/domain/site-lines.ts'
import { makeCdr } from '../support/cdrs.ts'

/**
 * Goal: a call is told as a person who watched the phones would tell it.
 * Method: CDRs that real PBXs wrote, each with what that person says (test/cases/cdr), told with and without settings.
 */
const file = (name: string) => readFileSync(new URL(`../cases/cdr/${name}`, import.meta.url), 'utf8')
const company: { site: Record<string, string> & { trunks: string[] }; calls: CompanyCall[] } = JSON.parse(
  file('company-calls.json'),
)
interface CompanyCall {
  happened: string
  rows: Cdr[]
  expect: Record<string, unknown>
}

const told = (call: Call | undefined) => ({
  direction: call?.direction,
  caller: call?.caller.number,
  callerEndpoint: call?.caller.endpoint,
  dialled: call?.dialled,
  dialledE164: call?.dialled,
  result: call?.result,
  answeredBy: call?.answeredBy?.number ?? null,
  answeredByEndpoint: call?.answeredBy?.endpoint ?? null,
  rang: call?.rang?.map(({ number }) => number).sort(),
  talkSeconds: call?.talkSeconds,
  forwardedFrom: call?.forwardedFrom ?? null,
  transferredTo: call?.transferredTo ?? null,
  trunk: call?.trunk,
})

const known: Numbering = {
  country: 'FR',
  outsidePrefix: '9',
  lines: { ...unknownLines, trunks: new Set(company.site.trunks), ranges: readRanges(['1001-1005']) },
}

test.each(company.calls)(
  'computes who called, rang and answered in a call of a small company: $happened',
  ({ rows, expect: { note: _note, ...expected } }) => {
    for (const numbering of [known, { country: 'FR', outsidePrefix: '9' } as const]) {
      expect(told(callOf(rows, numbering))).toMatchObject(expected)
    }
  },
)

test('parking is a step of its own in the story of a call, and parked time does not count as talk', () => {
  const parked = company.calls.find(({ happened }) => happened.includes('parked'))
  expect(callOf(parked?.rows ?? [], known)?.story).toMatchObject([
    { what: 'called', who: '1002' },
    { what: 'answered', who: '1002', seconds: 3 },
    { what: 'parked', seconds: 4 },
    { what: 'retrieved', who: '1004', seconds: 3 },
  ])
})

const lines = (name: string): Cdr[] =>
  file(name)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
const rows = (name: string): Cdr[] =>
  JSON.parse(file(name)).map((row: TableRow) => {
    const converted = convertRow(row, 'Europe/Paris')
    if ('refused' in converted) throw new Error(converted.refused)
    return converted.row.cdr
  })
const callsOf = (cdrs: Cdr[], outsidePrefix = '0') =>
  [...Map.groupBy(cdrs, ({ linkedid }) => linkedid).values()].map((legs) =>
    callOf(legs, { country: 'FR', outsidePrefix }),
  )

test.each([
  ['a queue with Local members', 'real-queue-local.cdr.jsonl', '800', ['60', '61'], 5],
  ['a group of Local channels', 'real-group-local.cdr.jsonl', '810', ['60', '61'], 4],
])(
  'case 04: in a call to %s, the phone behind the Local channel counts as the one that answered',
  (_kind, name, dialled, rang, talkSeconds) => {
    const [call] = callsOf(lines(name))
    expect(told(call)).toMatchObject({
      dialled,
      result: 'answered',
      answeredBy: '61',
      answeredByEndpoint: 'PJSIP/5861',
      talkSeconds,
    })
    expect(call?.rang?.map(({ number }) => number)).toEqual(rang)
    expect(call?.story?.map(({ what, who }) => `${what} ${who}`)).toEqual([
      `called ${dialled}`,
      'no-answer 60',
      'answered 61',
    ])
    expect(call?.forwardedFrom).toBeUndefined()
  },
)

test('case 04: an abandoned queue call is cancelled, although the queue answered the caller', () => {
  expect(told(callsOf(lines('real-queue-abandoned.cdr.jsonl'))[0])).toMatchObject({
    result: 'cancelled',
    answeredBy: null,
    talkSeconds: 0,
  })
})

test('case 04: of the three members of a FreePBX queue, only the one that took the call counts as answering', () => {
  expect(told(callsOf(rows('queue-local-members.json'))[0])).toMatchObject({
    direction: 'inbound',
    result: 'answered',
    answeredBy: '103',
    dialled: '+33145678900',
    forwardedFrom: null,
    talkSeconds: 60,
  })
})

test('case 06: extensions of the dial plan such as s and h are not shown as the dialled number; the DID is', () => {
  const [menu, hidden, voicemail, ended, refused] = callsOf(rows('dst-step-did.json'))
  expect(told(menu)).toMatchObject({ direction: 'inbound', dialled: '+33145678900', answeredBy: '+33145678900' })
  expect(told(hidden)).toMatchObject({ direction: 'inbound', caller: '', answeredBy: '101' })
  expect(voicemail).toMatchObject({ result: 'voicemail', story: [{}, { what: 'voicemail', who: '101' }] })
  expect(told(ended)).toMatchObject({ dialled: '', answeredBy: '102', direction: 'internal' })
  expect(told(refused)).toMatchObject({ dialled: '', result: 'unreachable' })
})

test('case 20: the CDR of a snoop channel is not shown as a call', () => {
  expect(callsOf(lines('snoop.jsonl')).map((call) => call?.dialled)).toEqual(['61', undefined])
})

test('records of Local channels that reach no phone, as a program of the PBX leaves them, make no call', () => {
  // As Asterisk 22 writes an originated `Local/62@nowhere` whose context does not exist.
  const failed = { src: '60', dst: '62', dcontext: 'nowhere', disposition: 'FAILED', answer: '', dstchannel: '' }
  const halves = [
    makeCdr(1, { ...failed, channel: 'Local/62@nowhere-00000000;2', lastapp: '', linkedid: 'a.0' }),
    makeCdr(2, { ...failed, channel: 'Local/62@nowhere-00000000;1', lastapp: 'AppDial2', linkedid: 'a.0' }),
  ]
  expect(callOf(halves, { country: 'FR' })).toBeUndefined()
  // The same with a phone behind it is a call.
  const reached = makeCdr(3, {
    ...failed,
    channel: 'Local/62@internes-00000001;2',
    dstchannel: 'PJSIP/5862-00000001',
    lastapp: 'Dial',
    linkedid: 'a.0',
  })
  expect(callOf([...halves, reached], { country: 'FR' })).toMatchObject({ dialled: '62' })
})

test('a phone that calls out is shown with its extension, even if the dial plan sets another number as caller id', () => {
  const shown = { src: '0140000000', clid: '"Alice" <0140000000>', channel: 'PJSIP/1001-00000001' }
  const out = makeCdr(1, {
    ...shown,
    dst: '0698765432',
    dstchannel: 'PJSIP/provider-00000002',
    lastdata: 'PJSIP/0698765432@provider',
  })
  expect(told(callOf([out], { country: 'FR' }))).toMatchObject({
    direction: 'outbound',
    caller: '1001',
    trunk: 'PJSIP/provider',
  })
  const named = { ...out, channel: 'PJSIP/alice-00000001', cnum: '12' }
  expect(told(callOf([named], { country: 'FR' }))).toMatchObject({ direction: 'outbound', caller: '12' })
})

test.each([
  [String.raw`"Dan \"Danny\" Roe" <1004>`, 'Dan "Danny" Roe'],
  [String.raw`"Jean \\\"JJ\\\" Dupont" <0612345678>`, 'Jean "JJ" Dupont'],
  ['Zoe Martin <0612345678>', 'Zoe Martin'],
  ['0612345678', ''],
  ['"" <anonymous>', ''],
])('reads the name of the caller in the caller id %s', (clid, name) => {
  expect(callOf([makeCdr(1, { clid })], { country: 'FR' })?.caller.name).toBe(name)
})

test('a call whose record ends before it starts has the duration 0', () => {
  const call = callOf([makeCdr(1, { end: makeCdr(0).start })], { country: 'FR' })
  expect(call?.durationSeconds).toBe(0)
})

test("shows the extension, from the PBX's configuration, of a phone that a queue rings directly", () => {
  const numbers = new Map([
    ['PJSIP/5860', '60'],
    ['PJSIP/5861', '61'],
  ])
  const legs = lines('real-queue-direct.cdr.jsonl')
  const [first] = legs
  const own = legs.filter(({ linkedid }) => linkedid === first?.linkedid)
  const named = (more: Map<string, string>) =>
    callOf(own, { country: 'FR', lines: { ...unknownLines, numbers: more } })
      ?.rang?.map(({ number }) => number)
      .sort()
  expect(named(new Map())).toEqual(['5860', '5861'])
  expect(named(numbers)).toEqual(['60', '61'])
})

test("makes no call of the CDRs of the bridge's own requests to the dial plan", () => {
  const channel = 'Local/set@renvoi-api-00000004;2'
  expect(
    callOf([makeCdr(1, { channel, dstchannel: '', dcontext: 'renvoi-api', lastapp: 'UserEvent' })], known),
  ).toBeUndefined()
})
