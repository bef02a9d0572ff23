import { setTimeout as delay } from 'node:timers/promises'
import type { Expected } from './expected-sounds.ts'
import { asks, cut, fallback, grades, questions, result, type Scenario, whole } from './scenario.ts'

export const [greeting, bye] = [whole('welcome'), whole('bye')]
export const mark100 = result('100', 15.25, 'bien')
const fields100 = { matricule: '100', note: '15.25', mention: 'bien' }
/** The caller hangs up as soon as the prompt has begun. */
const hangsUpAt = (
  prompt: string,
  before: readonly Expected[],
  act: Scenario['act'] = async () => undefined,
): Scenario => ({
  name: `hangs up at the prompt ${prompt}`,
  act: async (caller) => {
    await act(caller)
    await caller.hears(grades, prompt)
    await caller.hangsUp()
  },
  hears: [...before, cut(prompt)],
})

/** What callers do, and what each must hear, when lookups answer late, wrongly or not at all. */
export const scenarios: Scenario[] = [
  { name: 'an answer at once', act: (caller) => asks(caller, '100'), hears: [greeting, ...questions, mark100, bye] },
  {
    name: 'an answer after 3.4 s',
    act: (caller) => asks(caller, '101'),
    hears: [greeting, ...questions, cut('one-moment'), result('101', 12.5, 'assez bien'), bye],
  },
  {
    name: 'no answer',
    act: (caller) => asks(caller, '102'),
    hears: [greeting, ...questions, cut('one-moment'), whole('sorry'), fallback],
  },
  {
    name: 'an answer that the service is unavailable',
    act: (caller) => asks(caller, '103'),
    hears: [greeting, ...questions, whole('sorry'), fallback],
  },
  {
    name: 'an exception in the lookup',
    act: (caller) => asks(caller, '104'),
    hears: [greeting, ...questions, fallback],
  },
  {
    name: 'an answer that the service is closed at this hour',
    act: (caller) => asks(caller, '105'),
    hears: [greeting, ...questions, whole('closed'), bye],
  },
  {
    name: 'an answer that the caller is locked out',
    act: (caller) => asks(caller, '107'),
    hears: [greeting, ...questions, whole('locked'), bye],
  },
  {
    name: 'an answer that the number is unknown, then another number',
    act: async (caller) => {
      await asks(caller, '999')
      await asks(caller, '100')
    },
    hears: [greeting, ...questions, whole('unknown'), ...questions, mark100, bye],
  },
  {
    name: 'an API that cannot be reached',
    act: (caller) => asks(caller, '106'),
    hears: [greeting, ...questions, whole('sorry'), fallback],
  },
  {
    name: 'a caller who presses nothing',
    act: async () => undefined,
    hears: [
      greeting,
      ...[whole('enter-number'), whole('not-understood')],
      ...[whole('enter-number'), whole('not-understood')],
      ...[whole('enter-number'), bye],
    ],
  },
  {
    name: 'a caller who enters two digits of three',
    act: async (caller) => {
      await caller.enters(grades, 'enter-number', '10')
      await caller.hears(grades, 'not-understood')
      await asks(caller, '100')
    },
    hears: [greeting, cut('enter-number'), whole('not-understood'), ...questions, mark100, bye],
  },
  {
    name: 'a caller who enters one digit and hash',
    act: async (caller) => {
      await caller.enters(grades, 'enter-number', '1#')
      await asks(caller, '100')
    },
    hears: [greeting, cut('enter-number'), whole('not-understood'), ...questions, mark100, bye],
  },
  {
    name: 'a caller who corrects the number by a star',
    act: async (caller) => {
      await caller.enters(grades, 'enter-number', '99*100')
      await caller.enters(grades, 'enter-pin', '#')
    },
    hears: [greeting, ...questions, mark100, bye],
  },
  {
    name: 'a caller who presses keys during the greeting',
    act: async (caller) => {
      await caller.enters(grades, 'welcome', '555')
      await asks(caller, '100')
    },
    hears: [greeting, ...questions, mark100, bye],
  },
  {
    name: 'a caller who lets the questions end before answering',
    act: async (caller) => {
      await caller.hears(grades, 'enter-number')
      await delay(4000)
      await caller.call.press('100')
      await caller.hears(grades, 'enter-pin')
      await delay(6500)
      await caller.call.press('#')
    },
    hears: [greeting, whole('enter-number'), whole('enter-pin'), mark100, bye],
  },
  hangsUpAt('welcome', []),
  hangsUpAt('enter-number', [greeting]),
  hangsUpAt('enter-pin', [greeting, cut('enter-number')], (caller) => caller.enters(grades, 'enter-number', '100')),
  hangsUpAt('one-moment', [greeting, ...questions], (caller) => asks(caller, '102')),
  hangsUpAt('bye', [greeting, ...questions, mark100], (caller) => asks(caller, '100')),
  {
    name: 'hangs up at the result',
    act: async (caller) => {
      await asks(caller, '100')
      await caller.hears(grades, 'success', fields100)
      await caller.hangsUp()
    },
    hears: [greeting, ...questions, cut('success', fields100)],
  },
]
