import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { placesOf, type Watched, watch } from '../support/canary.ts'
import { processesPerFunction } from '../support/cloud-limits.ts'
import type { Deployment } from '../support/deployment.ts'
import { until } from '../support/until.ts'
import type { MenuCaller } from './support/menu-caller.ts'
import { type MenuWorld, openMenuWorld, siteOfCallers } from './support/menu-world.ts'
import {
  asks,
  cut,
  fallback,
  faultsOf,
  grades,
  makeAll,
  maybeOneMoment,
  play,
  questions,
  result,
  type Scenario,
  welcome,
  whole,
} from './support/scenario.ts'
import { type Stack, startStack } from './support/stack.ts'

/**
 * Goal: a mark goes by phone from the cloud to the person who may hear it, and callers outlive the bridge that serves them.
 * Method: real phones, a real Asterisk, the bridge's bundle and the packaged functions. The bridge is killed during calls.
 */
let it: Stack<Deployment>
let world: MenuWorld
let watched: Watched
let calls: Map<string, PromiseSettledResult<MenuCaller>>

/** Its digits are unlike any number that a log may hold by chance. */
const canary = { matricule: '638', note: 13.37, pin: '90210' }
const marks: Record<string, object> = {
  '201': { note: 4 },
  '204': { note: 15.25 },
  '205': { note: 18.75 },
  '206': { note: 9.75, mention: 'passable' },
  '207': { note: 14, pin: '4711' },
  [canary.matricule]: { note: canary.note, pin: canary.pin },
}

beforeAll(async () => {
  it = await startStack({ changeSite: siteOfCallers, menus: true })
  watched = watch(it.deployment)
  world = await openMenuWorld(it.pbx)
  for (const [matricule, mark] of Object.entries(marks)) {
    const { status } = await call('PUT', `grades/${matricule}`, mark)
    expect(status).toBe(200)
  }
  await untilMenus()
  await warmUp()
  calls = await makeAll(scenarios, world, callsAtOnce)
})
afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
  await it?.[Symbol.asyncDispose]()
})

const call = (method: string, path: string, body: object) =>
  it.deployment.call(method, `/v1/sites/${it.site.site}/${path}`, { key: it.site.apiKey, body })
const untilMenus = () =>
  until('the menus', async () => (await it.pbx.pbx.cli('ari show apps')).includes('switchhook-menus'), 60_000)

/** Starts every process of the function: a menu gives up after 4 s, which a start may take on a busy machine. */
async function warmUp(): Promise<void> {
  const lookups = Array.from({ length: processesPerFunction }, (_, n) =>
    call('POST', 'grade-lookups', { matricule: '204', caller: `warm-up-${n}` }),
  )
  for (const { status } of await Promise.all(lookups)) expect(status).toBe(200)
}

/** Each lookup passes through four processes; more at once would take longer than a menu waits on a busy machine. */
const callsAtOnce = 4

const [greeting, bye] = [whole('welcome'), whole('bye')]
const asked = [...questions, maybeOneMoment]
const plain = (name: string, matricule: string, note: number, mention: string, pin = ''): Scenario => ({
  name,
  act: (caller) => asks(caller, matricule, pin),
  hears: [greeting, ...asked, result(matricule, note, mention), bye],
})
const scenarios: Scenario[] = [
  plain('a mark with the honour "échec"', '201', 4, 'échec'),
  plain('a mark with the honour "bien"', '204', 15.25, 'bien'),
  plain('a mark with the honour "très bien"', '205', 18.75, 'très bien'),
  plain('an honour that was stored with the mark', '206', 9.75, 'passable'),
  plain('a mark behind a PIN', '207', 14, 'bien', '4711'),
  plain(
    'a mark whose digits are searched for in logs afterwards',
    canary.matricule,
    canary.note,
    'assez bien',
    canary.pin,
  ),
  {
    name: 'a wrong PIN, then the right one',
    act: async (caller) => {
      await asks(caller, '207', '1234')
      await asks(caller, '207', '4711')
    },
    hears: [greeting, ...asked, whole('unknown'), ...asked, result('207', 14, 'bien'), bye],
  },
  {
    name: 'no PIN where one is needed, then an unknown number, then hanging up',
    act: async (caller) => {
      await asks(caller, '207')
      await asks(caller, '999')
      await caller.hears(grades, 'enter-number')
      await caller.hangsUp()
    },
    hears: [greeting, ...asked, whole('unknown'), ...asked, whole('unknown'), cut('enter-number')],
  },
  {
    name: 'too many tries',
    act: async (caller) => {
      for (let n = 0; n < 5; n++) await asks(caller, `99${n}`)
      await asks(caller, '204')
    },
    hears: [
      greeting,
      ...Array.from({ length: 5 }, () => [...asked, whole('unknown')]).flat(),
      ...asked,
      whole('locked'),
      bye,
    ],
  },
  {
    name: '999, then the marks',
    to: '999',
    act: async (caller) => {
      await caller.enters(welcome, 'choices', '1')
      await asks(caller, '204')
    },
    hears: [cut('choices', {}, welcome), greeting, ...asked, result('204', 15.25, 'bien'), bye],
  },
  {
    name: '999, a wrong choice, then the office',
    to: '999',
    act: async (caller) => {
      await caller.enters(welcome, 'choices', '7')
      await caller.hears(welcome, 'not-understood')
      await caller.enters(welcome, 'choices', '2')
      const at60 = async () => /PJSIP\/5860-\S+![^\n]*!Up!/.test(await it.pbx.pbx.cli('core show channels concise'))
      await until('extension 60 to answer', at60)
      await caller.hangsUp()
    },
    hears: [cut('choices', {}, welcome), whole('not-understood', {}, welcome), cut('choices', {}, welcome)],
  },
]

test.each(scenarios)('the caller hears exactly the expected prompts: $name', async (scenario) => {
  expect(await faultsOf(scenario, calls.get(scenario.name))).toEqual([])
})

test('a mark, student number and PIN of a call are in no log, call record, event, metric or trace', async () => {
  const written = (await it.pbx.allRecords()).length
  await until('every CDR in the store', async () => (await it.storedCdrs()).length >= written)
  const texts = new Map<string, string>([
    ...(await watched.texts(it.site.apiKey)),
    ['call records', JSON.stringify(await it.pbx.allRecords())],
    ['PBX log', await readFile(it.pbx.pbx.logFile, 'utf8')],
    ['bridge log', await readFile(path.join(it.bridgeFolder, 'bridge.log'), 'utf8')],
    ['bridge health', await it.health()],
    ...(await filesBelow(path.join(it.bridgeFolder, 'state', 'spool'))),
  ])
  expect(watched.lines.length).toBeGreaterThan(50)
  expect(watched.bodies.length).toBeGreaterThan(10)
  expect(texts.get('bridge health')).toContain('"components"')
  expect(placesOf(canary, texts)).toEqual([])
})

test('a caller stays connected while the bridge restarts, and the menu begins again', async () => {
  const restarted: Scenario = {
    name: 'restarted',
    act: async (caller) => {
      await caller.enters(grades, 'enter-number', '20')
      await it.bridge.kill()
      await it.bridge.start()
      await caller.hears(grades, 'welcome')
      await asks(caller, '204')
    },
    hears: [greeting, cut('enter-number'), greeting, ...asked, result('204', 15.25, 'bien'), bye],
  }
  expect(await play(restarted, world)).toEqual([])
})

test('without a bridge the dial plan apologises: at once to a new caller, within seconds to one who was in a menu', async () => {
  const inMenu: Scenario = {
    name: 'in the menu when the bridge dies',
    act: async (caller) => {
      await caller.enters(grades, 'enter-number', '20')
      await it.bridge.kill()
      late = play({ name: 'calls later', act: async () => undefined, hears: [fallback] }, world)
    },
    hears: [greeting, cut('enter-number'), fallback],
  }
  let late: Promise<string[]> = Promise.resolve(['never called'])
  expect(await play(inMenu, world)).toEqual([])
  expect(await late).toEqual([])
  await it.bridge.start()
})

/** Name and text of every file in a folder. */
async function filesBelow(folder: string): Promise<[string, string][]> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = names.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name))
  return Promise.all(files.map(async (file): Promise<[string, string]> => [file, await readFile(file, 'utf8')]))
}
