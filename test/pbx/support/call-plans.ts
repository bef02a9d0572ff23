import type { TestPbx } from './pbx.ts'

/** One kind of call between two real phones, made from dialling to its end. */
export interface CallPlan {
  kind: string
  answered: boolean
  make(pbx: TestPbx, n: number): Promise<void>
}

const plans: CallPlan[] = [
  {
    kind: 'answered, the caller hangs up',
    answered: true,
    make: async ({ phones }) => {
      await phones.setBehaviour('61', { kind: 'answer', afterMs: 300 })
      const call = await phones.call({ from: '60', to: '61', talkMs: 400 })
      await call.ended
    },
  },
  {
    kind: 'answered, the callee hangs up',
    answered: true,
    make: async ({ phones }) => {
      await phones.setBehaviour('60', { kind: 'answer', afterMs: 300, talkMs: 300 })
      const call = await phones.call({ from: '61', to: '60' })
      await call.ended
    },
  },
  { kind: 'busy', answered: false, make: ({ phones }) => unansweredCall(phones, { kind: 'busy' }) },
  { kind: 'refused', answered: false, make: ({ phones }) => unansweredCall(phones, { kind: 'refuse' }) },
  { kind: 'not answered', answered: false, make: ({ phones }) => unansweredCall(phones, { kind: 'ring' }) },
  {
    kind: 'cancelled while it rings',
    answered: false,
    make: async ({ phones }) => {
      await phones.setBehaviour('61', { kind: 'ring' })
      const call = await phones.call({ from: '60', to: '61' })
      await call.ringing
      await call.hangup()
    },
  },
  {
    kind: 'to an unknown number',
    answered: false,
    make: async ({ phones }) => {
      const call = await phones.call({ from: '60', to: '77' })
      await call.ended
    },
  },
]

async function unansweredCall(phones: TestPbx['phones'], behaviour: Parameters<typeof phones.setBehaviour>[1]) {
  await phones.setBehaviour('61', behaviour)
  const call = await phones.call({ from: '60', to: '61', talkMs: 100 })
  await call.ended
}

/** Returns `count` calls of seven kinds in turn. */
export function callPlans(count: number): CallPlan[] {
  return Array.from({ length: count }, (_, n) => plans[n % plans.length]).filter((plan) => plan !== undefined)
}
