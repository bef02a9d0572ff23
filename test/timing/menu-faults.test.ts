import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { diallingLink } from '../../bridge/asterisk/ari-socket.ts'
import type { LookupOutcome } from '../../bridge/menus/engine.ts'
import { gradeLookup } from '../../bridge/menus/grade-lookup.ts'
import { MenuApplication } from '../../bridge/menus/menu-application.ts'
import { Counters } from '../../bridge/operate/counters.ts'
import { createLog } from '../../bridge/operate/log.ts'
import type { Expected } from '../pbx/support/expected-sounds.ts'
import { bye, greeting, mark100, scenarios } from '../pbx/support/fault-scenarios.ts'
import type { MenuCaller } from '../pbx/support/menu-caller.ts'
import { type MenuWorld, openMenuWorld, siteOfCallers } from '../pbx/support/menu-world.ts'
import { startPbx, type TestPbx } from '../pbx/support/pbx.ts'
import { faultsOf, grades, makeAll, questions, result, welcome, whole } from '../pbx/support/scenario.ts'
import { until } from '../support/until.ts'

/**
 * Goal: whatever happens to lookup and caller, the caller hears the right words and never silence for over 2 s.
 * Method: real phones, a real Asterisk and the menus of the bridge, with lookups that answer late, wrongly or not at all.
 * What each phone received is recorded and compared with the prompts.
 */
const counters = new Counters()
let it: TestPbx
let world: MenuWorld
const logged: string[] = []
let calls: Map<string, PromiseSettledResult<MenuCaller>>
const stop = new AbortController()
let running: Promise<void>

/** The lookup of each student number. */
const lookups: Record<string, () => Promise<LookupOutcome>> = {
  '100': async () => ({ kind: 'found', grade: { note: 15.25, mention: 'bien' } }),
  '101': () => delay(3400).then(() => ({ kind: 'found', grade: { note: 12.5, mention: 'assez bien' } })),
  '102': () => delay(60_000, { kind: 'unknown' }, { signal: stop.signal }),
  '103': async () => ({ kind: 'unavailable' }),
  '104': () => Promise.reject(new Error('broken')),
  '105': async () => ({ kind: 'closed' }),
  '107': async () => ({ kind: 'locked' }),
  // The bridge's own lookup, to a port where nothing listens.
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
  world = await openMenuWorld(it)
  const { ariUrl: url, ariUser: user, ariPassword: password } = it.pbx
  const application = 'switchhook-menus'
  const menus = new MenuApplication({
    link: diallingLink({ url, user, password, application, subscribeAll: false }),
    application,
    menus: new Map([grades, welcome].map((menu) => [menu.extension, menu])),
    speech: world.speech,
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
})

test('more than twenty callers are served at the same time', () => {
  expect(scenarios.length).toBeGreaterThan(20)
  expect([...calls.values()].map(({ status }) => status)).toEqual(scenarios.map(() => 'fulfilled'))
})

test.each(scenarios)('the caller hears exactly the expected prompts: $name', async (scenario) => {
  expect(await faultsOf(scenario, calls.get(scenario.name))).toEqual([])
})

test('no caller stays in a menu, and the log says how each call ended but contains no student number and no mark', async () => {
  await until('the calls to end', async () => (await it.pbx.cli('core show channels count')).includes('0 active calls'))
  const ended = logged.filter((line) => line.includes('menu ended')).map((line) => JSON.parse(line))
  expect(ended.length).toBe(scenarios.length)
  expect(ended.filter(({ outcome }) => outcome === 'hung up').length).toBe(6)
  expect(logged.join('')).not.toMatch(/[" :](15\.25|12\.5|10[0-7])[",}]/)
})

const before = [greeting, ...questions]
const wrong: [string, Expected[]][] = [
  ['a mark that is a quarter higher', [...before, result('100', 15.5, 'bien'), bye]],
  ['a mark that is a half higher', [...before, result('100', 15.75, 'bien'), bye]],
  ['a mark that is three lower', [...before, result('100', 12.25, 'bien'), bye]],
  ['a mark that is one higher', [...before, result('100', 16.25, 'bien'), bye]],
  ['a lower honour', [...before, result('100', 15.25, 'assez bien'), bye]],
  ['a higher honour', [...before, result('100', 15.25, 'très bien'), bye]],
  ['another student number', [...before, result('101', 15.25, 'bien'), bye]],
  ['the sound of failure', [...before, result('100', 15.25, 'échec'), bye]],
  ['another prompt', [...before, whole('sorry'), bye]],
]
const madeCall = () => {
  const call = calls.get('an answer at once')
  if (call?.status !== 'fulfilled') throw new Error('the call failed')
  return call.value
}

test.each(wrong)(
  'the comparison of a call with its expected prompts by the recording alone detects %s',
  async (_, expected) => {
    expect(await madeCall().audioFaults(expected)).not.toEqual([])
  },
)

test.each([
  ...wrong,
  ['a missing prompt', [...before, bye]],
  ['a doubled prompt', [...before, mark100, mark100, bye]],
  ['a prompt after the last one', [...before, mark100]],
] as [string, Expected[]][])(
  'the comparison of a call with its expected prompts by the events of Asterisk alone detects %s',
  async (_, expected) => {
    expect(await madeCall().orderFaults(expected)).not.toEqual([])
  },
)
