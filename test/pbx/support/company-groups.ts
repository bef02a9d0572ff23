import { until } from '../../support/until.ts'
import { answers, type CompanyKind, dial, rings } from './company-call.ts'

/** Calls to ring groups, queues, the parking and a conference. */
export const groupKinds: readonly CompanyKind[] = [
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
    kind: 'a ring group with a mobile, which answers',
    caller: 'PJSIP/157',
    make: async (it) => {
      await it.phones.setBehaviour('158', rings)
      await dial(it, '157', '602')
    },
    says: { dialled: '602', result: 'answered', answeredBy: '+33145678902' },
  },
  {
    kind: 'a queue without a phone, which the caller leaves',
    caller: 'PJSIP/164',
    make: (it) => dial(it, '164', '404'),
    says: { dialled: '404', result: 'cancelled', answeredBy: undefined },
  },
]
