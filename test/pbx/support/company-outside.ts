import { answers, type CompanyKind, code, dial, fromOutside, rings, talkMs } from './company-call.ts'

/** Calls from and to outside. */
export const outsideKinds: readonly CompanyKind[] = [
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
]
