import { requestAri } from '../../../infra/asterisk/phones/ari.ts'
import type { Site } from '../../../infra/asterisk/site.ts'
import { until } from '../../support/until.ts'
import { type CallPlan, callPlans } from './call-plans.ts'
import type { TestPbx } from './pbx.ts'
import { callFromOutside, outsideAnswers } from './trunk.ts'

/** Adds a third phone, a group of two phones and transfer keys to the sample site. */
export function siteOfKinds(site: Site): Site {
  const third = { number: '62', endpoint: '5862', name: 'Phone 62' }
  const groups = [{ number: '66', extensions: ['60', '61'] }]
  return { ...site, extensions: [...site.extensions, third], groups, transferKeys: true }
}

/** A call and the fields that its story must have. */
export interface CallKind extends CallPlan {
  tells: Record<string, unknown>
}

const originated = 'originated'

/** Further kinds of calls, which need the site of `siteOfKinds`. */
const more: CallKind[] = [
  {
    kind: 'unanswered, then voicemail',
    answered: false,
    tells: { result: 'voicemail' },
    make: async ({ phones }) => {
      await phones.setBehaviour('61', { kind: 'ring' })
      const call = await phones.call({ from: '60', to: '61', talkMs: 1_500 })
      await call.ended
    },
  },
  {
    kind: 'to a group whose second phone answers',
    answered: true,
    tells: { result: 'answered', dialled: '66' },
    make: async ({ phones }) => {
      await phones.setBehaviour('60', { kind: 'ring' })
      await phones.setBehaviour('61', { kind: 'answer', afterMs: 300 })
      const call = await phones.call({ from: '62', to: '66', talkMs: 400 })
      await call.ended
    },
  },
  {
    kind: 'forwarded by the phone',
    answered: true,
    tells: { result: 'answered', dialled: '61', forwardedFrom: '61' },
    make: async ({ phones }) => {
      await phones.setBehaviour('61', { kind: 'forward', target: '62' })
      await phones.setBehaviour('62', { kind: 'answer', afterMs: 100 })
      const call = await phones.call({ from: '60', to: '61', talkMs: 400 })
      await call.ended
    },
  },
  {
    kind: 'transferred blind',
    answered: true,
    // `dialled` is not checked: depending on which of its threads is first, Asterisk replaces it by the phone that rang.
    tells: { result: 'answered', transferredTo: '62' },
    make: async ({ phones }) => {
      await phones.setBehaviour('61', { kind: 'transfer', target: '62', talkMs: 1_000 })
      await phones.setBehaviour('62', { kind: 'answer', afterMs: 200 })
      const call = await phones.call({ from: '60', to: '61', talkMs: 3_000 })
      await call.ended
    },
  },
  {
    kind: 'transferred after consulting the target',
    answered: true,
    tells: { result: 'answered', dialled: '61', transferredTo: '62' },
    make: async ({ phones }) => {
      await phones.setBehaviour('61', { kind: 'consult', target: '62', talkMs: 1_000 })
      await phones.setBehaviour('62', { kind: 'answer', afterMs: 200 })
      const call = await phones.call({ from: '60', to: '61', talkMs: 12_000 })
      await call.ended
    },
  },
  {
    kind: 'an inbound call over the trunk',
    answered: true,
    tells: { result: 'answered', direction: 'inbound', caller: { number: '+33612345678' } },
    make: async ({ phones, pbx }) => {
      await phones.setBehaviour('61', { kind: 'answer' })
      await using caller = await callFromOutside({
        from: '0612345678',
        to: '0479000061',
        talkMs: 300,
        sipPort: pbx.sipPort,
      })
      await caller.ended
    },
  },
  {
    kind: 'an outbound call over the trunk',
    answered: true,
    tells: { result: 'answered', direction: 'outbound', dialled: '+33123456789' },
    make: async ({ phones, trunkPort }) => {
      await using far = await outsideAnswers(trunkPort)
      const call = await phones.call({ from: '60', to: '0123456789', talkMs: 300 })
      await Promise.all([call.ended, far.ended])
    },
  },
  {
    kind: 'an outbound call to a busy number',
    answered: false,
    tells: { result: 'busy', direction: 'outbound' },
    make: async ({ phones, trunkPort }) => {
      await using far = await outsideAnswers(trunkPort, 'busy')
      const call = await phones.call({ from: '60', to: '0123456789' })
      await Promise.all([call.ended, far.ended])
    },
  },
  {
    kind: 'placed by the API',
    answered: true,
    tells: { result: 'answered' },
    make: async (it, n) => originate(it, `sh-${Math.floor(Date.now() / 1000)}.${String(n).padStart(10, '0')}`),
  },
  {
    kind: 'placed by the API with an id that was used before',
    answered: true,
    tells: { result: 'answered' },
    make: async (it) => originate(it, originated),
  },
]

async function originate({ phones, pbx }: TestPbx, channelId: string): Promise<void> {
  await phones.setBehaviour('60', { kind: 'answer', afterMs: 100 })
  await phones.setBehaviour('61', { kind: 'answer', afterMs: 100, talkMs: 400 })
  const status = await requestAri(pbx, 'POST', 'channels', {
    endpoint: 'PJSIP/5860',
    extension: '61',
    context: 'click2call',
    priority: 1,
    callerId: 'Click <60>',
    timeout: 10,
    channelId,
  })
  if (status !== 200) throw new Error(`ARI answered ${status} to the call`)
  const isLive = async () => !(await pbx.cli('core show channels count')).includes('0 active channels')
  await until('the placed call to end', async () => !(await isLive()))
}

const expected: Record<string, Record<string, unknown>> = {
  busy: { result: 'voicemail', story: [{ what: 'called' }, { what: 'busy' }, { what: 'voicemail' }] },
  'cancelled while it rings': { result: 'no-answer', dialled: '61' },
  'answered, the caller hangs up': { result: 'answered' },
  'answered, the callee hangs up': { result: 'answered' },
}

/** Returns `count` calls of 17 kinds in turn. */
export function callKinds(count: number): CallKind[] {
  const plain = callPlans(7).map((plan) => ({ ...plan, tells: expected[plan.kind] ?? {} }))
  const kinds = [...plain, ...more]
  return Array.from({ length: count }, (_, n) => kinds[n % kinds.length]).filter((kind) => kind !== undefined)
}
