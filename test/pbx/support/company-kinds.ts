import type { Call } from '../../../contracts/calls.ts'
import { until } from '../../support/until.ts'
import type { CompanyPbx } from './company.ts'
import { callFromOutside } from './trunk.ts'

/** What a person who watched the phones would say of a call. */
export interface Watched {
  dialled: string
  result: NonNullable<Call['result']>
  /** The extension, number or room that first spoke to the caller. */
  answeredBy: string | undefined
  direction?: Call['direction']
  forwardedFrom?: string
  transferredTo?: string
}

export interface CompanyKind {
  kind: string
  /** Endpoint of the phone that calls, or the number of an outside caller. */
  caller: string
  /** Makes the call, from dialling to its end. */
  make(it: CompanyPbx): Promise<void>
  says: Watched
  /** What chan_sip makes different: it takes a declined call (603) for a busy phone. */
  withSip?: Partial<Watched>
}

const talkMs = 1_500
const answers = { kind: 'answer', afterMs: 600 } as const
const rings = { kind: 'ring' } as const

/** A call from phone to number that the called side, or the caller after `talk`, ends. */
async function dial({ phones }: CompanyPbx, from: string, to: string, talk = talkMs): Promise<void> {
  await (await phones.call({ from, to, talkMs: talk })).ended
}

/** Dials a feature code from a phone. */
const code = (it: CompanyPbx, from: string, digits: string) => dial(it, from, digits, 0)

/** Calls, and hangs up `afterMs` after the phone has begun to ring. */
async function giveUp({ phones }: CompanyPbx, from: string, to: string): Promise<void> {
  const call = await phones.call({ from, to })
  await call.ringing
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  await call.hangup()
}

async function fromOutside({ pbx }: CompanyPbx, from: string, to: string, ms: number, presses = false): Promise<void> {
  await using caller = await callFromOutside({ from, to, talkMs: ms, sipPort: pbx.sipPort, presses })
  const status = await caller.ended
  if (status !== 0) throw new Error(`the outside caller ${from} ended with status ${status}`)
}

export const companyKinds: CompanyKind[] = [
  {
    kind: 'a colleague answers',
    caller: 'PJSIP/101',
    make: async (it) => {
      await it.phones.setBehaviour('102', answers)
      await dial(it, '101', '102')
    },
    says: { dialled: '102', result: 'answered', answeredBy: '102', direction: 'internal' },
  },
  {
    kind: 'nobody answers, then voicemail',
    caller: 'PJSIP/103',
    make: async (it) => {
      await it.pbx.cli('database put AMPUSER/104 ringtimer 3')
      await it.phones.setBehaviour('104', rings)
      await dial(it, '103', '104')
    },
    says: { dialled: '104', result: 'voicemail', answeredBy: undefined },
  },
  {
    kind: 'busy, then voicemail',
    caller: 'PJSIP/105',
    make: async (it) => {
      await it.phones.setBehaviour('106', { kind: 'busy' })
      await dial(it, '105', '106')
    },
    says: { dialled: '106', result: 'voicemail', answeredBy: undefined },
  },
  {
    kind: 'the caller gives up while the phone rings',
    caller: 'PJSIP/107',
    make: async (it) => {
      await it.phones.setBehaviour('108', rings)
      await giveUp(it, '107', '108')
    },
    says: { dialled: '108', result: 'cancelled', answeredBy: undefined },
  },
  {
    kind: 'do not disturb, without voicemail',
    caller: 'PJSIP/109',
    make: async (it) => {
      await it.pbx.cli('database put AMPUSER/110 voicemail novm')
      await code(it, '110', '*78')
      await dial(it, '109', '110')
    },
    says: { dialled: '110', result: 'busy', answeredBy: undefined },
  },
  {
    kind: 'all calls forwarded',
    caller: 'PJSIP/111',
    make: async (it) => {
      await code(it, '112', '*72113')
      await it.phones.setBehaviour('113', answers)
      await dial(it, '111', '112')
    },
    says: { dialled: '112', result: 'answered', answeredBy: '113', forwardedFrom: '112' },
  },
  {
    kind: 'forwarded when busy',
    caller: 'PJSIP/114',
    make: async (it) => {
      await code(it, '115', '*90116')
      await it.phones.setBehaviour('115', { kind: 'busy' })
      await it.phones.setBehaviour('116', answers)
      await dial(it, '114', '115')
    },
    says: { dialled: '115', result: 'answered', answeredBy: '116', forwardedFrom: '115' },
  },
  {
    kind: 'forwarded when nobody answers',
    caller: 'PJSIP/117',
    make: async (it) => {
      await it.pbx.cli('database put AMPUSER/118 ringtimer 3')
      await code(it, '118', '*52119')
      await it.phones.setBehaviour('118', rings)
      await it.phones.setBehaviour('119', answers)
      await dial(it, '117', '118')
    },
    says: { dialled: '118', result: 'answered', answeredBy: '119', forwardedFrom: '118' },
  },
  {
    kind: 'follow-me',
    caller: 'PJSIP/120',
    make: async (it) => {
      await it.phones.setBehaviour('121', rings)
      await it.phones.setBehaviour('122', answers)
      await dial(it, '120', '121')
    },
    says: { dialled: '121', result: 'answered', answeredBy: '122', forwardedFrom: '121' },
  },
  {
    kind: 'a ring group whose second phone answers',
    caller: 'PJSIP/123',
    make: async (it) => {
      await it.phones.setBehaviour('124', rings)
      await it.phones.setBehaviour('125', answers)
      await dial(it, '123', '600')
    },
    says: { dialled: '600', result: 'answered', answeredBy: '125' },
  },
  {
    kind: 'a ring group that nobody answers',
    caller: 'PJSIP/126',
    make: async (it) => {
      await it.phones.setBehaviour('127', rings)
      await it.phones.setBehaviour('128', rings)
      await dial(it, '126', '601')
    },
    says: { dialled: '601', result: 'no-answer', answeredBy: undefined },
  },
  {
    kind: 'a queue with Local members',
    caller: 'PJSIP/129',
    make: async (it) => {
      await it.phones.setBehaviour('130', rings)
      await it.phones.setBehaviour('131', answers)
      await dial(it, '129', '400', 4_000)
    },
    says: { dialled: '400', result: 'answered', answeredBy: '131' },
  },
  {
    kind: 'a queue that the caller leaves',
    caller: 'PJSIP/132',
    make: async (it) => {
      await it.phones.setBehaviour('133', rings)
      await dial(it, '132', '401', 3_000)
    },
    says: { dialled: '401', result: 'cancelled', answeredBy: undefined },
  },
  {
    kind: 'a queue that ends in voicemail',
    caller: 'PJSIP/134',
    make: async (it) => {
      await it.phones.setBehaviour('135', rings)
      await dial(it, '134', '402', 6_000)
    },
    says: { dialled: '402', result: 'voicemail', answeredBy: undefined },
  },
  {
    kind: 'answered, parked, fetched by another phone',
    caller: 'PJSIP/136',
    make: async (it) => {
      await it.phones.setBehaviour('137', { kind: 'transfer', target: '70', talkMs: 1_000 })
      const call = await it.phones.call({ from: '136', to: '137', talkMs: 7_000 })
      await until('the call to be parked', async () => (await it.pbx.cli('parking show default')).includes('/136-'))
      await dial(it, '138', '71', 0)
      await call.ended
    },
    says: { dialled: '137', result: 'answered', answeredBy: '137' },
  },
  {
    kind: 'picked up by a colleague',
    caller: 'PJSIP/139',
    make: async (it) => {
      await it.phones.setBehaviour('140', rings)
      const call = await it.phones.call({ from: '139', to: '140', talkMs: 2_500 })
      await call.ringing
      await dial(it, '141', '**140', 0)
      await call.ended
    },
    says: { dialled: '140', result: 'answered', answeredBy: '141' },
  },
  {
    kind: 'a conference',
    caller: 'PJSIP/142',
    make: async (it) => {
      const first = await it.phones.call({ from: '142', to: '800', talkMs: 4_000 })
      await first.answered
      await dial(it, '143', '800')
      await first.ended
    },
    says: { dialled: '800', result: 'answered', answeredBy: '800' },
  },
  {
    kind: 'from outside through a voice menu',
    caller: '+33611111111',
    make: async (it) => {
      await it.phones.setBehaviour('144', answers)
      await fromOutside(it, '0611111111', '0140000001', 4_000, true)
    },
    says: { dialled: '+33140000001', result: 'answered', answeredBy: '144', direction: 'inbound' },
  },
  {
    kind: 'from outside to an extension',
    caller: '+33622222222',
    make: async (it) => {
      await it.phones.setBehaviour('145', answers)
      await fromOutside(it, '0622222222', '0140000145', talkMs)
    },
    says: { dialled: '+33140000145', result: 'answered', answeredBy: '145', direction: 'inbound' },
  },
  {
    kind: 'from outside to a queue that the caller leaves',
    caller: '+33633333333',
    make: async (it) => {
      await it.phones.setBehaviour('146', rings)
      await fromOutside(it, '0633333333', '0140000403', 3_000)
    },
    says: { dialled: '+33140000403', result: 'cancelled', answeredBy: undefined, direction: 'inbound' },
  },
  {
    kind: 'to outside with the number of the company',
    caller: 'PJSIP/147',
    make: (it) => dial(it, '147', '0145678900'),
    says: { dialled: '+33145678900', result: 'answered', answeredBy: '+33145678900', direction: 'outbound' },
  },
  {
    kind: 'to a busy number outside',
    caller: 'PJSIP/148',
    make: (it) => dial(it, '148', '0612345678'),
    says: { dialled: '+33612345678', result: 'busy', answeredBy: undefined, direction: 'outbound' },
  },
  {
    kind: 'transferred blind',
    caller: 'PJSIP/149',
    make: async (it) => {
      await it.phones.setBehaviour('150', { kind: 'transfer', target: '151', talkMs: 1_500 })
      await it.phones.setBehaviour('151', answers)
      await dial(it, '149', '150', 4_500)
    },
    says: { dialled: '150', result: 'answered', answeredBy: '150', transferredTo: '151' },
  },
  {
    kind: 'transferred after consulting the target',
    caller: 'PJSIP/152',
    make: async (it) => {
      await it.phones.setBehaviour('153', { kind: 'consult', target: '154', talkMs: 1_500 })
      await it.phones.setBehaviour('154', answers)
      await dial(it, '152', '153', 12_000)
    },
    says: { dialled: '153', result: 'answered', answeredBy: '153', transferredTo: '154' },
  },
  {
    kind: 'from outside to a phone that is forwarded to outside',
    caller: '+33644444444',
    make: async (it) => {
      await code(it, '155', '*720145678901')
      await fromOutside(it, '0644444444', '0140000155', talkMs)
    },
    says: {
      dialled: '+33140000155',
      result: 'answered',
      answeredBy: '+33145678901',
      direction: 'inbound',
      forwardedFrom: '155',
    },
  },
  {
    kind: 'a ring group with a mobile, which answers',
    caller: 'PJSIP/157',
    make: async (it) => {
      await it.phones.setBehaviour('158', rings)
      await dial(it, '157', '602')
    },
    says: { dialled: '602', result: 'answered', answeredBy: '+33145678902' },
  },
  {
    kind: 'declined, without voicemail',
    caller: 'PJSIP/159',
    make: async (it) => {
      await it.pbx.cli('database put AMPUSER/160 voicemail novm')
      await it.phones.setBehaviour('160', { kind: 'refuse' })
      await dial(it, '159', '160')
    },
    says: { dialled: '160', result: 'no-answer', answeredBy: undefined },
    withSip: { result: 'busy' },
  },
  {
    kind: 'forwarded to a colleague whose voicemail answers',
    caller: 'PJSIP/161',
    make: async (it) => {
      await it.pbx.cli('database put AMPUSER/163 ringtimer 3')
      await code(it, '162', '*72163')
      await it.phones.setBehaviour('163', rings)
      await dial(it, '161', '162')
    },
    says: { dialled: '162', result: 'voicemail', answeredBy: undefined, forwardedFrom: '162' },
  },
  {
    kind: 'a queue without a phone, which the caller leaves',
    caller: 'PJSIP/164',
    make: (it) => dial(it, '164', '404'),
    says: { dialled: '404', result: 'cancelled', answeredBy: undefined },
  },
  {
    kind: 'a phone that is switched off, without voicemail',
    caller: 'PJSIP/165',
    make: async (it) => {
      await it.pbx.cli('database put AMPUSER/166 voicemail novm')
      await it.phones.unregister('166')
      await dial(it, '165', '166')
    },
    says: { dialled: '166', result: 'unreachable', answeredBy: undefined },
  },
  {
    kind: 'a phone listens to its mailbox',
    caller: 'PJSIP/156',
    make: (it) => dial(it, '156', '*97'),
    says: { dialled: '*97', result: 'answered', answeredBy: '*97' },
  },
]
