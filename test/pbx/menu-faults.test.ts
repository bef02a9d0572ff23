import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { diallingLink } from '../../bridge/asterisk/ari-socket.ts'
import type { LookupOutcome } from '../../bridge/menus/engine.ts'
import { gradeLookup } from '../../bridge/menus/grade-lookup.ts'
import { MenuApplication } from '../../bridge/menus/menu-application.ts'
import { spokenMarks, staticParts } from '../../bridge/menus/menu-runner.ts'
import { Speech } from '../../bridge/menus/speech.ts'
import { Counters } from '../../bridge/operate/counters.ts'
import { createLog } from '../../bridge/operate/log.ts'
import { until } from '../support/until.ts'
import type { Expected, MenuCaller } from './support/menu-caller.ts'
import { type MenuWorld, openMenuWorld, siteOfCallers } from './support/menu-world.ts'
import { startPbx, type TestPbx } from './support/pbx.ts'
import { asks, fallback, faultsAlone, grades, makeAll, result, type Scenario, welcome } from './support/scenario.ts'

/**
 * Goal: whatever becomes of lookup and caller, a caller hears the right words and is never in silence for over 2 s.
 * Method: real phones, a real Asterisk and the menus of the bridge, with lookups that answer late, wrongly or not at all;
 * what each phone received is recorded and compared with the prompts, stretch by stretch.
 */
const counters = new Counters()
let it: TestPbx
let world: MenuWorld
let folder: string
const logged: string[] = []
let calls: Map<string, Promise<MenuCaller>>
const stop = new AbortController()
let running: Promise<void>

/** What a lookup of each number comes to. */
const lookups: Record<string, () => Promise<LookupOutcome>> = {
  '100': async () => ({ kind: 'found', grade: { note: 15.25, mention: 'bien' } }),
  '101': () => delay(3400).then(() => ({ kind: 'found', grade: { note: 12.5, mention: 'assez bien' } })),
  '102': () => delay(60_000, { kind: 'unknown' }, { signal: stop.signal }),
  '103': async () => ({ kind: 'unavailable' }),
  '104': () => Promise.reject(new Error('broken')),
  '105': async () => ({ kind: 'closed' }),
  // A port where nobody listens: the bridge's own way of asking.
  '106': () =>
    gradeLookup(
      { api: 'http://127.0.0.1:9', site: 'office', key: 'none' },
      counters,
    )({
      matricule: '106',
      caller: '60',
      pin: undefined,
    }),
}

beforeAll(async () => {
  it = await startPbx({ changeSite: siteOfCallers })
  folder = await mkdtemp(join(tmpdir(), 'menus-'))
  world = await openMenuWorld(it, folder)
  const speech = new Speech(folder)
  await speech.start()
  await speech.prepare([...staticParts(grades), ...staticParts(welcome), ...spokenMarks('fr')], 'fr', stop.signal)
  const { ariUrl: url, ariUser: user, ariPassword: password } = it.pbx
  const application = 'switchhook-menus'
  const menus = new MenuApplication({
    link: diallingLink({ url, user, password, application, subscribeAll: false }),
    application,
    menus: new Map([grades, welcome].map((menu) => [menu.extension, menu])),
    speech,
    counters,
    lookUp: ({ matricule }) => lookups[matricule]?.() ?? Promise.resolve({ kind: 'unknown' }),
    log: createLog({ level: 'debug', write: (line) => logged.push(line) }),
  })
  running = menus.run(stop.signal)
  await until('the menus', async () => logged.some((line) => line.includes('menus ready')))
  calls = await makeAll(scenarios, world)
})
afterAll(async () => {
  stop.abort()
  await running
  await world?.[Symbol.asyncDispose]()
  await it?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const silent = async () => undefined
const hangUpAt = (name: string, prompt: string, act: Scenario['act'] = silent): Scenario => ({
  name: `hangs up at ${name}`,
  act: async (caller) => {
    await act(caller)
    await caller.hears(grades, prompt)
    await caller.hangsUp()
  },
  hears: [],
})
const mark100 = result('100', 15.25, 'bien')
const fields100 = { matricule: '100', note: '15.25', mention: 'bien' }

const scenarios: Scenario[] = [
  { name: 'an answer at once', act: (caller) => asks(caller, '100'), hears: [['welcome'], mark100, ['bye']] },
  {
    name: 'an answer after 3.4 s',
    act: (caller) => asks(caller, '101'),
    hears: [['one-moment'], result('101', 12.5, 'assez bien'), ['bye']],
  },
  { name: 'no answer', act: (caller) => asks(caller, '102'), hears: [['one-moment'], ['sorry'], ...fallback] },
  { name: 'no service', act: (caller) => asks(caller, '103'), hears: [['sorry'], ...fallback] },
  { name: 'a failure within', act: (caller) => asks(caller, '104'), hears: fallback },
  { name: 'no service at this hour', act: (caller) => asks(caller, '105'), hears: [['closed'], ['bye']] },
  { name: 'a cloud that is down', act: (caller) => asks(caller, '106'), hears: [['sorry'], ...fallback] },
  {
    name: 'says nothing',
    act: silent,
    hears: [
      ['welcome'],
      ['enter-number'],
      ['not-understood'],
      ['enter-number'],
      ['not-understood'],
      ['enter-number'],
      ['bye'],
    ],
  },
  {
    name: 'enters two digits and no more',
    act: async (caller) => {
      await caller.enters(grades, 'enter-number', '10')
      await caller.hears(grades, 'not-understood')
      await asks(caller, '100')
    },
    hears: [['not-understood'], mark100, ['bye']],
  },
  {
    name: 'enters too few digits and hash',
    act: async (caller) => {
      await caller.enters(grades, 'enter-number', '1#')
      await asks(caller, '100')
    },
    hears: [['not-understood'], mark100, ['bye']],
  },
  {
    name: 'begins anew by a star',
    act: async (caller) => {
      await caller.enters(grades, 'enter-number', '99*100')
      await caller.enters(grades, 'enter-pin', '#')
    },
    hears: [mark100, ['bye']],
  },
  {
    name: 'presses keys while it is greeted',
    act: async (caller) => {
      await caller.enters(grades, 'welcome', '555')
      await asks(caller, '100')
    },
    hears: [['welcome'], mark100, ['bye']],
  },
  {
    name: 'waits until the questions are over',
    act: async (caller) => {
      await caller.hears(grades, 'enter-number')
      await delay(4000)
      await caller.call.press('100')
      await caller.hears(grades, 'enter-pin')
      await delay(6500)
      await caller.call.press('#')
    },
    hears: [['welcome'], ['enter-number'], ['enter-pin'], mark100, ['bye']],
  },
  hangUpAt('the greeting', 'welcome'),
  hangUpAt('the first question', 'enter-number'),
  hangUpAt('the second question', 'enter-pin', (caller) => caller.enters(grades, 'enter-number', '100')),
  hangUpAt('the lookup', 'one-moment', (caller) => asks(caller, '102')),
  hangUpAt('the goodbye', 'bye', (caller) => asks(caller, '100')),
  {
    name: 'hangs up at the result',
    act: async (caller) => {
      await asks(caller, '100')
      await caller.hears(grades, 'success', fields100)
      await caller.hangsUp()
    },
    hears: [],
  },
]

test.each(scenarios)('$name', async (scenario) => {
  expect(await faultsAlone(scenario, calls.get(scenario.name), world)).toEqual([])
})

test('nobody is left in a menu, and the log tells how each call ended and nothing of whose it was', async () => {
  await until('the calls to end', async () => (await it.pbx.cli('core show channels count')).includes('0 active calls'))
  const ended = logged.filter((line) => line.includes('menu ended')).map((line) => JSON.parse(line))
  // More, where a call was made once again.
  expect(ended.length).toBeGreaterThanOrEqual(scenarios.length)
  expect(ended.filter(({ outcome }) => outcome === 'hung up').length).toBeGreaterThanOrEqual(6)
  expect(logged.join('')).not.toMatch(/[" :](15\.25|12\.5|10[0-6])[",}]/)
})

test('another mark, honour or number than the one that was said is found out', async () => {
  const caller = await world.dial('514')
  await asks(caller, '100')
  await caller.call.ended
  const faultsNow = (expected: Expected) => caller.faults(grades, [expected], world.soundsFolder)
  expect(await faultsNow(mark100)).toEqual([])
  for (const wrong of [
    result('100', 15.75, 'bien'),
    result('100', 12.25, 'bien'),
    result('100', 15.5, 'bien'),
    result('100', 16.25, 'bien'),
    result('100', 15.25, 'assez bien'),
    result('100', 15.25, 'très bien'),
    result('101', 15.25, 'bien'),
    result('100', 15.25, 'échec'),
    ['sorry'] as Expected,
  ])
    expect(await faultsNow(wrong), JSON.stringify(wrong)).not.toEqual([])
})
