import type { CdrRow } from '../../pbx/support/pbx.ts'
import { fullNumber } from '../../pbx/support/provider.ts'
import { callFromOutside } from '../../pbx/support/trunk.ts'
import { until } from '../../support/until.ts'
import { hearEachOther } from './audio.ts'
import { hearMessage, leaveMessage } from './messages.ts'
import type { World } from './world.ts'

export interface Row {
  readonly name: string
  /** Makes the call, and resolves at its end with the cause, if a phone of the house placed it. @throws Error if something is not heard */
  call(): Promise<number | undefined>
  readonly cause?: number
  /** The records of the call in their order, by some of their fields. */
  readonly records: readonly CdrRow[]
  /** Instead of `records`: phones of which each must have an answered record, all of one call. */
  readonly talkedTo?: readonly string[]
}

interface Talk {
  /** Endpoints that must hear and be heard. */
  readonly heard: readonly string[]
  /** Whether the provider is a party. */
  readonly provider?: boolean
  readonly digits?: string
  /** Application that the call must have reached before it is hung up. */
  readonly app?: string
}

const answered = (src: string, dst: string, more: CdrRow = {}): CdrRow => ({
  src,
  dst,
  disposition: 'ANSWERED',
  ...more,
})
const toBox = (src: string, dst: string, greeting: string, box: string) =>
  answered(src, dst, { lastapp: 'VoiceMail', lastdata: `${box}@voicemail,${greeting}` })

export function rows(world: World): Row[] {
  const { pbx, phones, provider } = world
  const talk = async (from: string, to: string, { heard, provider: withProvider = false, digits, app }: Talk) => {
    const call = await phones.call({ from, to, ...(digits === undefined ? {} : { digits, pressAfterMs: 800 }) })
    const early = call.ended.then(({ cause }) => Promise.reject(new Error(`the call ended early with cause ${cause}`)))
    const talked = (async () => {
      if (app !== undefined)
        await until(app, async () => (await pbx.cli('core show channels concise')).includes(`!${app}!`))
      await hearEachOther(world, heard, withProvider)
    })()
    try {
      await Promise.race([talked, early])
    } finally {
      early.catch(() => undefined)
      talked.catch(() => undefined)
      await call.hangup()
    }
    return (await call.ended).cause
  }
  /** A call that is not answered. */
  const rejected = async (from: string, to: string) => (await (await phones.call({ from, to })).ended).cause
  const comesIn = async (to: string, heard: readonly string[], app?: string) => {
    await provider.call(to)
    try {
      if (app !== undefined)
        await until(app, async () => (await pbx.cli('core show channels concise')).includes(`!${app}!`))
      await hearEachOther(world, heard, true)
    } finally {
      await provider.hangup()
    }
    return undefined
  }
  const isRefused = async (to: string) => {
    await using caller = await callFromOutside({ from: '0612345678', to, talkMs: 300, sipPort: pbx.sipPort })
    return (await caller.ended) === 0 ? undefined : 1
  }
  const does = (kind: 'answer' | 'ring' | 'busy' | 'unavailable', ...numbers: string[]) =>
    Promise.all(numbers.map((number) => phones.setBehaviour(number, { kind })))
  const outside = (to: string, from = '60') => talk(from, to, { heard: [`58${from}`], provider: true })
  const both = (from: string, to: string, called: string, digits?: string) =>
    talk(from, to, { heard: [`58${from}`, `58${called}`], ...(digits === undefined ? {} : { digits }) })

  const phoneRows: Row[] = [
    {
      name: '60 calls 61',
      call: () => both('60', '61', '61'),
      records: [answered('60', '61', { dcontext: 'internes' })],
    },
    { name: '61 calls 60', call: () => both('61', '60', '60'), records: [answered('61', '60')] },
    { name: '63, without a mailbox, calls 61', call: () => both('63', '61', '61'), records: [answered('63', '61')] },
    {
      name: 'the phone 61 transfers the caller to 63 (REFER)',
      call: async () => {
        await phones.setBehaviour('61', { kind: 'transfer', target: '63', talkMs: 1_500 })
        return both('60', '61', '63')
      },
      // Depending on which of its threads is first, Asterisk replaces the dialled number by the phone that rang.
      records: [
        { src: '60', disposition: 'ANSWERED' },
        { src: '60', dst: '63', disposition: 'ANSWERED' },
      ],
    },
    {
      name: 'the phone 61 asks 63 first and transfers the caller then (*2)',
      call: async () => {
        await phones.setBehaviour('61', { kind: 'consult', target: '63', talkMs: 1_500 })
        const cause = await both('60', '61', '63')
        await does('answer', '61')
        return cause
      },
      // Asterisk writes five to seven records for the two calls and the one after them.
      records: [],
      talkedTo: ['5861', '5863'],
    },
  ].map((row) => ({ ...row, cause: 16 }))

  const mailRows: Row[] = [
    {
      name: '61 is busy: the caller leaves a message',
      call: () => does('busy', '61').then(() => leaveMessage(world, '60', '61', '6001')),
      records: [{ dst: '61', disposition: 'BUSY' }, toBox('60', '61', 'b', '6001')],
    },
    {
      name: '61 does not answer: the caller leaves a message',
      call: () => does('ring', '61').then(() => leaveMessage(world, '60', '61', '6001')),
      records: [{ dst: '61', disposition: 'NO ANSWER' }, toBox('60', '61', 'u', '6001')],
    },
    {
      name: '61 is offline: the caller leaves a message',
      call: async () => {
        await phones.unregister('61')
        const cause = await leaveMessage(world, '60', '61', '6001')
        await phones.register('61')
        await does('answer', '61')
        return cause
      },
      records: [toBox('60', '61', 'u', '6001')],
    },
    {
      name: '61 hears a message, which counts as old then',
      call: () => hearMessage(world, '61', '888', '6001'),
      cause: 16,
      records: [answered('61', '888', { lastapp: 'VoiceMailMain', lastdata: '6001@voicemail' })],
    },
    {
      name: 'a phone without mailbox is asked for one',
      call: () => talk('62', '888', { heard: ['5862'] }),
      cause: 16,
      records: [answered('62', '888', { lastdata: '@voicemail' })],
    },
  ]

  const groupRows: Row[] = [
    {
      name: 'the group: 61 answers while 60 rings',
      call: () => does('ring', '60').then(() => both('62', '70', '61')),
      records: [{ dst: '70', disposition: 'NO ANSWER' }, answered('62', '70')],
    },
    {
      name: 'the group in turn: 61 answers after 60 did not',
      call: () => both('62', '72', '61'),
      records: [{ dst: '72', disposition: 'NO ANSWER' }, answered('62', '72')],
    },
    {
      name: 'the group: nobody answers, the caller leaves a message',
      call: async () => {
        await does('ring', '61')
        const cause = await leaveMessage(world, '62', '70', '6000')
        await does('answer', '60', '61')
        return cause
      },
      records: [
        { dst: '70', disposition: 'NO ANSWER' },
        { dst: '70', disposition: 'NO ANSWER' },
        toBox('62', '70', 'u', '6000'),
      ],
    },
    {
      name: 'the queue: 61 answers',
      call: () => both('60', '71', '61'),
      records: [answered('60', '71', { lastapp: 'Queue' })],
    },
    { name: 'hours: open', call: () => both('60', '81', '61'), records: [answered('60', '61')] },
    {
      name: 'hours: closed',
      call: () => talk('61', '82', { heard: ['5861'], app: 'VoiceMail' }),
      records: [answered('61', '82', { lastapp: 'VoiceMail' })],
    },
    { name: 'the menu: key 1', call: () => both('60', '80', '61', '1'), records: [answered('60', '61')] },
    {
      name: 'the menu: key 2 leads to the queue',
      call: () => both('60', '80', '61', '2'),
      records: [answered('60', '71', { lastapp: 'Queue' })],
    },
    {
      name: 'the menu: no key',
      call: () => talk('60', '80', { heard: ['5860'], app: 'VoiceMail' }),
      records: [answered('60', '80', { lastapp: 'VoiceMail' })],
    },
    {
      name: 'the menu: a key that leads nowhere',
      call: () => talk('60', '80', { heard: ['5860'], app: 'VoiceMail', digits: '7' }),
      records: [answered('60', '80', { lastapp: 'VoiceMail' })],
    },
    ...['514', '999'].map((menu) => ({
      name: `${menu} without a bridge: the fallback answers`,
      call: () => talk('60', menu, { heard: ['5860'] }),
      records: [answered('60', menu)],
    })),
  ]

  const insideRows: Row[] = [
    {
      name: 'from outside to 61',
      call: () => comesIn('0479000061', ['5861']),
      records: [answered('0612345678', '0479000061', { dcontext: 'entrants' })],
    },
    {
      name: 'from outside to the group',
      call: () => does('ring', '60').then(() => comesIn('0479000070', ['5861'])),
      records: [{ did: '0479000070', disposition: 'NO ANSWER' }, answered('0612345678', '70', { did: '0479000070' })],
    },
    {
      name: 'from outside to the hours: the record keeps the number',
      call: () => does('answer', '60').then(() => comesIn('0479000081', ['5861'])),
      records: [answered('0612345678', '61', { did: '0479000081' })],
    },
    {
      name: 'from outside to the menu 999',
      call: () => comesIn('0479000999', []),
      records: [answered('0612345678', '999', { did: '0479000999' })],
    },
    {
      name: 'from outside to 61, who does not answer: voicemail',
      call: async () => {
        await does('ring', '61')
        await comesIn('0479000061', [], 'VoiceMail')
        await does('answer', '61')
        return undefined
      },
      records: [
        { disposition: 'NO ANSWER' },
        { disposition: 'ANSWERED', lastapp: 'VoiceMail', lastdata: '6001@voicemail,u' },
      ],
    },
    { name: 'from outside to a number inside: refused', call: () => isRefused('61'), cause: 1, records: [] },
    { name: 'from outside to a number outside: refused', call: () => isRefused('00612345678'), cause: 1, records: [] },
  ]

  const dial = (number: string, trunk: string) => `PJSIP/${number}@${trunk},4,tT`
  const outsideRows: Row[] = [
    {
      name: 'to outside by the prefix',
      call: () => outside('00612345678'),
      cause: 16,
      records: [answered('60', '00612345678', { lastdata: dial('0612345678', 'mytrunk') })],
    },
    {
      name: 'the first trunk is full: the second one calls',
      call: () => outside(`0${fullNumber}`),
      cause: 16,
      records: [
        { dst: `0${fullNumber}`, lastdata: dial(fullNumber, 'mytrunk') },
        answered('60', `0${fullNumber}`, { lastdata: dial(fullNumber, 'second') }),
      ],
    },
    {
      name: 'a premium number: refused',
      call: () => rejected('60', '00899123456'),
      cause: 21,
      records: [{ dst: '00899123456', lastapp: 'Hangup' }],
    },
    {
      name: 'a satellite number: refused',
      call: () => rejected('60', '000881612345678'),
      cause: 21,
      records: [{ lastapp: 'Hangup' }],
    },
    {
      name: 'a phone that may not call outside',
      call: () => rejected('62', '00612345678'),
      cause: 21,
      records: [{ lastapp: 'Hangup' }],
    },
    {
      name: 'the same phone calls 112',
      call: () => outside('112', '62'),
      cause: 16,
      records: [answered('62', '112', { lastdata: dial('112', 'mytrunk') })],
    },
    {
      name: 'the guard key blocks 60',
      call: async () => {
        await pbx.cli('database put sortie-bloquee 60 1')
        const cause = await rejected('60', '00612345678')
        await pbx.cli('database del sortie-bloquee 60')
        return cause
      },
      cause: 21,
      records: [{ dst: '00612345678', lastapp: 'Hangup' }],
    },
    {
      name: 'and lets it call again',
      call: () => outside('00612345678'),
      cause: 16,
      records: [answered('60', '00612345678')],
    },
    { name: 'a number that nobody has', call: () => rejected('60', '69'), cause: 1, records: [] },
  ]
  return [...phoneRows, ...mailRows, ...groupRows.map((row) => ({ ...row, cause: 16 })), ...insideRows, ...outsideRows]
}
