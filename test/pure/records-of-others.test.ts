import { expect, test } from 'vitest'
import { cdrFormat, readCdrRecord } from '../../bridge/normalise/cdr-record.ts'
import type { Cdr } from '../../contracts/cdr.ts'
import { convertRow, type TableRow } from '../../contracts/cdr-row/table-row.ts'
import { callOf } from '../../functions/domain/calls/call.ts'

/**
 * Goal: records of PBXs that are not ours, and of channel drivers that the suites do not have, tell the call as a person would.
 * Method: the shapes are those of records in public bug reports and of the tests of other projects: names of channels, contexts,
 * applications, columns, and how the records of one call hang together. Numbers, names and times are our own.
 */
const second = 1_764_579_600
const at = (offset: number) => new Date((second + offset) * 1000).toISOString().slice(0, 19).replace('T', ' ')
const id = (n: number) => `${second}.${n}`

/** A record of one call as a table has it: `n` is its channel, `from` seconds after the beginning. */
function record(n: number, from: number, fields: TableRow): TableRow {
  const { src = '0612345678', duration = 60, billsec = 50, disposition = 'ANSWERED' } = fields
  const clid = `"" <${src}>`
  const times = { calldate: at(from), duration, billsec, disposition }
  return {
    ...times,
    src,
    clid,
    dcontext: 'from-internal',
    amaflags: 3,
    uniqueid: id(n),
    linkedid: id(1),
    sequence: n,
    ...fields,
  }
}
const dial = (channel: string, dstchannel: string, lastdata: string, more: TableRow = {}) =>
  record(1, 0, { channel, dstchannel, lastapp: 'Dial', lastdata, ...more })

const cdrOf = (row: TableRow): Cdr => {
  const converted = convertRow(row, 'UTC')
  if ('refused' in converted) throw new Error(converted.refused)
  return converted.row.cdr
}
const told = (cdrs: readonly Cdr[], country = 'FR') => {
  const call = callOf(cdrs, { country: country as 'FR' })
  const { direction, dialled, result, answeredBy, trunk, transferredTo, talkSeconds } = call ?? {}
  return [direction, call?.caller.number, dialled, result, answeredBy?.number, trunk, transferredTo, talkSeconds]
}
const none = undefined

const outside = '0145678900'
test.each<[string, TableRow[], unknown[]]>([
  [
    'an ISDN span of DAHDI, inbound',
    [dial('DAHDI/i1/0612345678-51', 'SIP/886-00000065', 'SIP/886', { dst: '886', dcontext: 'from-pstn' })],
    ['inbound', '+33612345678', '886', 'answered', '886', 'DAHDI/i1', none, 50],
  ],
  [
    'an ISDN group of DAHDI, outbound',
    [dial('SIP/9111-000003ea', 'DAHDI/i2/0612345678-298', 'DAHDI/g0/0612345678', { src: '9111', dst: '0612345678' })],
    ['outbound', '9111', '+33612345678', 'answered', '+33612345678', 'DAHDI/i2', none, 50],
  ],
  [
    'an analogue line of DAHDI, which does not tell what was dialled',
    [dial('DAHDI/4-1', 'SIP/201-00000065', 'SIP/201&SIP/202,20', { dst: 's', dcontext: 'from-analog' })],
    ['inbound', '+33612345678', '', 'answered', '201', 'DAHDI/4', none, 50],
  ],
  [
    'an analogue line of Zaptel, with arguments of before Asterisk 1.6',
    [dial('Zap/1-1', 'SIP/201-08c3f4a0', 'SIP/201|20|tr', { dst: 's', dcontext: 'from-zaptel' })],
    ['inbound', '+33612345678', '', 'answered', '201', 'Zap/1', none, 50],
  ],
  [
    'a mobile by chan_dongle, outbound',
    [
      dial('SIP/8016-00000ed9', 'Dongle/LIFE-010000003c', 'Dongle/LIFE/+33612345678', {
        src: '8016',
        dst: '+33612345678',
      }),
    ],
    ['outbound', '8016', '+33612345678', 'answered', '+33612345678', 'Dongle/LIFE', none, 50],
  ],
  [
    'a mobile by chan_dongle into a queue that nobody answers',
    [
      record(1, 0, {
        channel: 'Dongle/MTS-SUP-0100000151',
        dstchannel: 'SIP/8006-00000fa5',
        lastapp: 'Queue',
        lastdata: 'support-420',
        dst: '+33756000000',
        dcontext: 'from-gsm',
        disposition: 'NO ANSWER',
        billsec: 0,
      }),
    ],
    ['inbound', '+33612345678', '+33756000000', 'cancelled', none, 'Dongle/MTS-SUP', none, 0],
  ],
  [
    'a mobile by chan_quectel',
    [
      dial('Quectel/quectel0-0100000003', 'PJSIP/201-00000005', 'PJSIP/201', {
        dst: '+33756000000',
        dcontext: 'from-gsm',
      }),
    ],
    ['inbound', '+33612345678', '+33756000000', 'answered', '201', 'Quectel/quectel0', none, 50],
  ],
  [
    'a Khomp board',
    [dial('Khomp/B0C5-5.0', 'SIP/201-00000004', 'SIP/201,30', { dst: outside, dcontext: 'from-pstn' })],
    ['inbound', '+33612345678', '+33145678900', 'answered', '201', 'Khomp/B0C5-5.0', none, 50],
  ],
  [
    'IAX2 to a provider',
    [
      dial('SIP/201-00000003', 'IAX2/voip-provider-1234', 'IAX2/voip-provider/0612345678,300', {
        src: '201',
        dst: '0612345678',
      }),
    ],
    ['outbound', '201', '+33612345678', 'answered', '+33612345678', 'IAX2/voip-provider', none, 50],
  ],
  [
    'a Cisco phone by SCCP over a chan_sip trunk',
    [dial('SCCP/1001-00000003', 'SIP/ovh-00000004', 'SIP/ovh/0612345678,300', { src: '1001', dst: '0612345678' })],
    ['outbound', '1001', '+33612345678', 'answered', '+33612345678', 'SIP/ovh', none, 50],
  ],
  [
    'MGCP phones, whose names have no extension',
    [dial('MGCP/aaln/1@gw1-1', 'MGCP/aaln/2@gw1-1', 'MGCP/aaln/2@gw1', { src: '12', dst: '13' })],
    ['internal', '12', '13', 'answered', '13', none, none, 50],
  ],
  [
    'a driver with a port behind the name of the line',
    [dial('SIP/sip0-00000015', 'TELCHAN/5/25', 'TELCHAN/5,,tF(hangup,h,2)', { src: '7001', dst: '8001' })],
    ['internal', '7001', '8001', 'answered', '8001', none, none, 50],
  ],
  [
    'a trunk of chan_sip that has the name of an address',
    [
      dial('SIP/203.0.113.7-00000003', 'SIP/201-00000004', 'SIP/201,30', {
        dst: 's',
        did: outside,
        dcontext: 'from-trunk',
      }),
    ],
    ['inbound', '+33612345678', '+33145678900', 'answered', '201', 'SIP/203.0.113.7', none, 50],
  ],
  [
    'a trunk that has the name of its own number',
    [dial('PJSIP/+33145678900-0006ce4f', 'PJSIP/201-0006ce51', 'PJSIP/201,15', { dst: '201', did: outside })],
    ['inbound', '+33612345678', '+33145678900', 'answered', '201', 'PJSIP/+33145678900', none, 50],
  ],
  [
    'a phone of Wazo, whose name is random',
    [dial('PJSIP/k2x9fj3q-00000003', 'PJSIP/zp08aq1d-00000004', 'PJSIP/zp08aq1d,30,', { src: '1001', dst: '1002' })],
    ['internal', '1001', '1002', 'answered', '1002', none, none, 50],
  ],
  [
    'a phone of a tenant of VitalPBX that shows the number of the company',
    [
      dial('PJSIP/T1_101-00000003', 'PJSIP/trk-2-00000004', 'PJSIP/0612345678@trk-2,60', {
        src: outside,
        dst: '0612345678',
      }),
    ],
    ['outbound', '101', '+33612345678', 'answered', '+33612345678', 'PJSIP/trk-2', none, 50],
  ],
  [
    'a colleague who picks the call of another phone up',
    [dial('SIP/ovh-000264aa', 'SIP/1500-0002644d', 'SIP/211,20,trI', { dst: '211', dcontext: 'from-did-direct' })],
    ['inbound', '+33612345678', '211', 'answered', '1500', 'SIP/ovh', none, 50],
  ],
  [
    'an agent of chan_agent',
    [
      record(1, 0, {
        channel: 'SIP/ovh-000264aa',
        dstchannel: 'Agent/1001',
        lastapp: 'Queue',
        lastdata: '500,t',
        dst: '500',
      }),
    ],
    ['inbound', '+33612345678', '500', 'answered', '1001', 'SIP/ovh', none, 50],
  ],
  [
    'a queue whose members have the number of their tenant behind the extension',
    [
      record(1, 0, {
        channel: 'SIP/hall.pbx.example-00008bc8',
        dstchannel: 'Local/221-1259@from-queue-00008258;1',
        lastapp: 'Queue',
        lastdata: '8000,tr',
        dst: '8000',
      }),
      record(2, 5, {
        channel: 'Local/221-1259@from-queue-00008258;2',
        dstchannel: 'SIP/221-00008bca',
        lastapp: 'Dial',
        lastdata: 'SIP/221',
        dst: '221-1259',
        duration: 55,
      }),
    ],
    ['inbound', '+33612345678', '8000', 'answered', '221', 'SIP/hall.pbx.example', none, 50],
  ],
  [
    'a queue that its caller leaves after 34 s',
    [
      record(1, 0, {
        channel: 'PJSIP/trunk-000000a3',
        dstchannel: '',
        lastapp: 'Queue',
        lastdata: '2000,t,,',
        dst: '2000',
        dcontext: 'ext-queues,2000,1',
        disposition: 'NO ANSWER',
        duration: 34,
        billsec: 0,
      }),
    ],
    ['inbound', '+33612345678', '2000', 'cancelled', none, 'PJSIP/trunk', none, 0],
  ],
])('tells the call of %s', (_, rows, expected) => {
  expect(told(rows.map(cdrOf))).toEqual(expected)
})

const queueCall = [
  {
    n: 1,
    from: 0,
    channel: 'PJSIP/opera-0000001d',
    to: 'Local/201@from-queue-00000009;1',
    app: 'Queue',
    data: '401,t,,,,,,,,',
    dst: '401',
    s: [41, 38],
  },
  {
    n: 2,
    from: 1,
    channel: 'Local/201@from-queue-00000009;2',
    to: 'PJSIP/201-0000001e',
    app: 'Dial',
    data: 'PJSIP/201/sip:201@203.0.113.9,15,Hhtr',
    dst: '201',
    s: [11, 9],
  },
] as const
const consultation = [
  {
    n: 3,
    from: 12,
    channel: 'Local/202@from-internal-0000000a;2',
    to: 'PJSIP/202-0000001f',
    app: 'Dial',
    data: 'PJSIP/202/sip:202@203.0.113.9,15,Hhtr',
    dst: '202',
    s: [29, 25],
  },
  {
    n: 4,
    from: 12,
    channel: 'PJSIP/201-0000001e',
    to: 'Local/202@from-internal-0000000a;1',
    app: 'AppDial',
    data: '(Outgoing Line)',
    dst: 's',
    s: [18, 18],
  },
  { n: 5, from: 30, channel: 'Local/202@from-internal-0000000a;1', to: '', app: '', data: '', dst: '202', s: [11, 11] },
  {
    n: 2,
    from: 30,
    channel: 'Local/201@from-queue-00000009;2',
    to: 'Local/202@from-internal-0000000a;1',
    app: 'Dial',
    data: 'PJSIP/201/sip:201@203.0.113.9,15,Hhtr',
    dst: '201',
    s: [11, 11],
  },
] as const
const blind = [
  {
    n: 2,
    from: 12,
    channel: 'Local/201@from-queue-00000009;2',
    to: 'PJSIP/202-0000001f',
    app: 'Dial',
    data: 'PJSIP/202/sip:202@203.0.113.9,15,Hhtr',
    dst: '202',
    s: [29, 25],
  },
] as const
const rowsOf = (
  list: readonly {
    n: number
    from: number
    channel: string
    to: string
    app: string
    data: string
    dst: string
    s: readonly [number, number]
  }[],
) =>
  list.map(({ n, from, channel, to, app, data, dst, s: [duration, billsec] }, sequence) =>
    cdrOf({
      ...record(n, from, { channel, dstchannel: to, lastapp: app, lastdata: data, dst, duration, billsec }),
      sequence: sequence + 1,
      ...(sequence === 0 && { did: outside }),
    }),
  )

test.each([
  ['after consulting', [...queueCall, ...consultation], 20],
  ['blind', [...queueCall, ...blind], 34],
])('an agent of a queue with Local members transfers the caller %s', (_, list, talk) => {
  const call = callOf(rowsOf(list), { country: 'FR' })
  expect(call).toMatchObject({
    result: 'answered',
    dialled: '+33145678900',
    answeredBy: { number: '201' },
    transferredTo: '202',
  })
  expect(call?.talkSeconds).toBe(talk)
  expect(call?.story?.map(({ what, who }) => [what, who])).toEqual([
    ['called', '+33145678900'],
    ['answered', '201'],
    ['transferred', '202'],
    ['answered', '202'],
  ])
})

test('without a transfer the agent keeps the whole call, also if the records of the Local channel are two', () => {
  const [queue, agent] = queueCall
  const twice = [queue, { ...agent, s: [20, 18] }, { ...agent, from: 21, s: [20, 20] }] as const
  expect(told(rowsOf(twice)).slice(3)).toEqual(['answered', '201', 'PJSIP/opera', undefined, 38])
})

test('a file without linkedids: the record of a Local channel that Asterisk took out is no attempt of its own', () => {
  const line = (channel: string, start: number, answer: number, end: number, billsec: number) =>
    [
      '',
      '2889',
      '0612345678',
      'pre-rec',
      '"2889" <2889>',
      'SIP/2889-0000098e',
      channel,
      'Dial',
      'Local/0612345678@default,30,t',
      at(start),
      at(answer),
      at(end),
      end - start,
      billsec,
      'ANSWERED',
      'DOCUMENTATION',
      id(58),
      '',
    ]
      .map((field) => (typeof field === 'number' ? field : `"${field.replaceAll('"', '""')}"`))
      .join(',')
  const lines = [line('Local/0612345678@default-000005a6;1', 0, 19, 19, 0), line('OOH323/avaya-1919', 19, 19, 203, 184)]
  const cdrs = lines
    .flatMap((text) => readCdrRecord('office', Buffer.from(text), cdrFormat({ zone: 'UTC' })))
    .flatMap(({ line: read }) => (read.kind === 'cdr' ? [read.event.data.cdr] : []))
  const call = callOf(cdrs, { country: 'FR' })
  expect(call?.story?.map(({ what }) => what)).toEqual(['called', 'answered'])
  expect(call).toMatchObject({ direction: 'outbound', trunk: 'OOH323/avaya', talkSeconds: 184, ringSeconds: 19 })
})
