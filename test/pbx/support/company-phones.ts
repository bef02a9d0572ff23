import { answers, type CompanyKind, code, dial, giveUp, rings } from './company-call.ts'

/** Calls between two phones of the company: forwarded, transferred, picked up, declined. */
export const phoneKinds: readonly CompanyKind[] = [
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
