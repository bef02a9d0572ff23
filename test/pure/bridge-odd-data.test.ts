import { generateKeyPairSync, sign } from 'node:crypto'
import { expect, test } from 'vitest'
import { Packer } from '../../bridge/forward/pack.ts'
import { readCdrRecord } from '../../bridge/normalise/cdr-record.ts'
import { sqsBodyBytesMax } from '../../contracts/limits.ts'
import { openBody } from '../../contracts/packed-body.ts'

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const packer = new Packer({ site: 'lyon-1', key: 'k1', sign: (bytes) => sign(null, bytes, privateKey) })

const row = {
  accountcode: '',
  src: '60',
  dst: '61',
  dcontext: 'internal',
  clid: '"Phone 60" <60>',
  channel: 'PJSIP/5860-00000001',
  dstchannel: 'PJSIP/5861-00000002',
  lastapp: 'Dial',
  lastdata: 'PJSIP/5861',
  start: '2026-10-25T02:30:00+0200',
  answer: '2026-10-25T02:30:02+0200',
  end: '2026-10-25T02:30:05+0200',
  duration: 5,
  billsec: 3,
  disposition: 'ANSWERED',
  amaflags: 'DOCUMENTATION',
  uniqueid: 'pbx1-1795460594.1',
  userfield: '',
  peeraccount: '',
  linkedid: 'pbx1-1795460594.1',
  sequence: 1,
}

test.each([
  ['a NUL and other control characters', 'a\u0000b\u0001\u001f'],
  ['a lone surrogate', 'a\ud800b'],
  ['characters that XML does not allow', 'a\ufffe\uffffb'],
  [
    'half a megabyte that does not compress',
    Buffer.from(Array.from({ length: 400_000 }, (_, at) => (at * at * 2_654_435_761) >>> 24)).toString('base64'),
  ],
])('fault 18: an event with %s fits in an SQS body and is unpacked unchanged', async (_what, text) => {
  const line = JSON.stringify({ text })
  const { body, count } = packer.pack('records', [Buffer.from(line)])
  expect(count).toBe(1)
  expect(body.length).toBeLessThanOrEqual(sqsBodyBytesMax)
  // Only printable ASCII, which SQS accepts in every encoding.
  expect(/^[\x20-\x7e]+$/.test(body)).toBe(true)
  expect((await openBody(body, async () => publicKey)).lines).toEqual([line])
})

function eventsOf(record: string, zone = 'Europe/Paris') {
  return readCdrRecord('lyon-1', Buffer.from(record), { zone }).map(({ line }) =>
    line.kind === 'cdr' ? line.event : line,
  )
}
const csv = (end: string) =>
  `"","60","61","internal","""Phone 60"" <60>","PJSIP/5860-00000001","PJSIP/5861-00000002","Dial","x","${end}","","${end}",5,0,"NO ANSWER","DOCUMENTATION","pbx1-1795460594.1","","","pbx1-1795460594.1",1`

test.each([
  ['before the clocks go back', { end: '2026-10-25T02:30:05+0200' }, '2026-10-25T00:30:05.000Z'],
  ['in the same hour after the clocks went back', { end: '2026-10-25T02:30:05+0100' }, '2026-10-25T01:30:05.000Z'],
  ['on a leap day', { end: '2028-02-29T23:59:59+0000' }, '2028-02-29T23:59:59.000Z'],
])(
  'fault 20: a CDR whose call ends %s gets its time in UTC, and its key from the ids of Asterisk',
  (_what, times, utc) => {
    expect(eventsOf(JSON.stringify({ ...row, ...times }))).toMatchObject([
      { time: utc, id: expect.stringContaining('pbx1-1795460594.1') },
    ])
  },
)

test.each([
  ['in summer', '2026-07-01 12:00:00', '2026-07-01T10:00:00.000Z'],
  ['in winter', '2026-12-01 12:00:00', '2026-12-01T11:00:00.000Z'],
  ['in the hour that summer time skips', '2026-03-29 02:30:00', /^2026-03-29T0[01]:30:00/],
  ['in the hour that is repeated in autumn', '2026-10-25 02:30:00', /^2026-10-25T0[01]:30:00/],
  ['on a leap day', '2028-02-29 12:00:00', '2028-02-29T11:00:00.000Z'],
])('fault 20: a CSV row whose call ends %s is read in its time zone, with the same id each time', (_what, end, utc) => {
  const [first] = eventsOf(csv(end))
  expect(first).toMatchObject({ time: expect.stringMatching(utc), id: expect.stringContaining('1795460594.1') })
  expect(eventsOf(csv(end))).toEqual([first])
})
