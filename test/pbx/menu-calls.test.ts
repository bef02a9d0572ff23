import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { placesOf, type Watched, watch } from '../support/canary.ts'
import { until } from '../support/until.ts'
import type { MenuCaller } from './support/menu-caller.ts'
import { type MenuWorld, openMenuWorld, siteOfCallers } from './support/menu-world.ts'
import {
  asks,
  fallback,
  faultsAlone,
  grades,
  makeAll,
  play,
  result,
  type Scenario,
  welcome,
} from './support/scenario.ts'
import { type Stack, startStack } from './support/stack.ts'

/**
 * Goal: a mark goes by phone from the cloud to the ear that may hear it, and callers outlive the bridge that serves them.
 * Method: real phones, a real Asterisk, the bridge's bundle, the packaged functions; the bridge is killed under the callers.
 */
let it: Stack
let world: MenuWorld
let watched: Watched
let calls: Map<string, Promise<MenuCaller>>

const marks: Record<string, object> = {
  '201': { note: 4 },
  '202': { note: 10.5 },
  '203': { note: 12.5 },
  '204': { note: 15.25 },
  '205': { note: 18.75 },
  '206': { note: 9.75, mention: 'passable' },
  '207': { note: 14, pin: '4711' },
}

beforeAll(async () => {
  it = await startStack({ changeSite: siteOfCallers, menus: true })
  watched = watch(it.deployment)
  world = await openMenuWorld(it.pbx, path.join(it.bridgeFolder, 'state', 'sounds'))
  for (const [matricule, mark] of Object.entries(marks)) {
    const { status } = await call('PUT', `grades/${matricule}`, mark)
    expect(status).toBe(200)
  }
  await untilMenus()
  calls = await makeAll(scenarios, world)
})
afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
  await it?.[Symbol.asyncDispose]()
})

const call = (method: string, path: string, body: object) =>
  it.deployment.call(method, `/v1/sites/office/${path}`, { key: it.site.apiKey, body })
const untilMenus = () =>
  until('the menus', async () => (await it.pbx.pbx.cli('ari show apps')).includes('switchhook-menus'), 60_000)

const scenarios: Scenario[] = [
  { name: 'échec', act: (caller) => asks(caller, '201'), hears: [['welcome'], result('201', 4, 'échec'), ['bye']] },
  { name: 'passable', act: (caller) => asks(caller, '202'), hears: [result('202', 10.5, 'passable'), ['bye']] },
  { name: 'assez bien', act: (caller) => asks(caller, '203'), hears: [result('203', 12.5, 'assez bien'), ['bye']] },
  { name: 'bien', act: (caller) => asks(caller, '204'), hears: [result('204', 15.25, 'bien'), ['bye']] },
  { name: 'très bien', act: (caller) => asks(caller, '205'), hears: [result('205', 18.75, 'très bien'), ['bye']] },
  {
    name: 'an honour that was given',
    act: (caller) => asks(caller, '206'),
    hears: [result('206', 9.75, 'passable'), ['bye']],
  },
  { name: 'the right PIN', act: (caller) => asks(caller, '207', '4711'), hears: [result('207', 14, 'bien'), ['bye']] },
  {
    name: 'a wrong PIN, then the right one',
    act: async (caller) => {
      await asks(caller, '207', '1234')
      await asks(caller, '207', '4711')
    },
    hears: [['unknown'], result('207', 14, 'bien'), ['bye']],
  },
  {
    name: 'no PIN where there is one, then an unknown number, then nothing',
    act: async (caller) => {
      await asks(caller, '207')
      await asks(caller, '999')
      await caller.hears(grades, 'enter-number')
      await caller.hangsUp()
    },
    hears: [['unknown'], ['unknown']],
  },
  {
    name: 'too many tries',
    act: async (caller) => {
      for (let n = 0; n < 5; n++) await asks(caller, `99${n}`)
      await asks(caller, '204')
    },
    hears: [['unknown'], ['unknown'], ['unknown'], ['unknown'], ['unknown'], ['locked'], ['bye']],
  },
  {
    name: '999, then the marks',
    to: '999',
    act: async (caller) => {
      await caller.enters(welcome, 'choices', '1')
      await asks(caller, '204')
    },
    hears: [],
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
    hears: [['not-understood']],
  },
]

test.each(scenarios)('$name', async (scenario) => {
  expect(await faultsAlone(scenario, calls.get(scenario.name), world)).toEqual([])
})

test('a mark, a student number and a PIN that were asked and said by phone are in no log, record, event, metric or trace', async () => {
  const canary = { matricule: '638', note: 13.37, pin: '90210' }
  await call('PUT', `grades/${canary.matricule}`, { note: canary.note, pin: canary.pin })
  const hears: Scenario['hears'] = [result(canary.matricule, canary.note, 'assez bien'), ['bye']]
  const heard = play({ name: 'canary', act: (caller) => asks(caller, canary.matricule, canary.pin), hears }, world)
  expect(await heard).toEqual([])
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

test('twenty callers at once all hear their own mark', async () => {
  const twenty = Array.from({ length: 20 }, (_, n): Scenario => {
    const matricule = n % 2 === 0 ? '204' : '205'
    const mark = n % 2 === 0 ? result('204', 15.25, 'bien') : result('205', 18.75, 'très bien')
    return { name: `${n}`, act: (caller) => asks(caller, matricule), hears: [mark, ['bye']] }
  })
  const made = await makeAll(twenty, world, twenty.length)
  for (const scenario of twenty) {
    expect(await faultsAlone(scenario, made.get(scenario.name), world), scenario.name).toEqual([])
  }
}, 180_000)

test('a caller outlives the bridge: after its restart the menu begins anew', async () => {
  const restarted: Scenario = {
    name: 'killed',
    act: async (caller) => {
      await caller.enters(grades, 'enter-number', '20')
      await it.bridge.kill()
      await it.bridge.start()
      await caller.hears(grades, 'welcome')
      await asks(caller, '204')
    },
    hears: [['welcome'], result('204', 15.25, 'bien'), ['bye']],
  }
  expect(await play(restarted, world)).toEqual([])
})

test('without a bridge the dial plan speaks: at once for a new caller, in time for one who was in a menu', async () => {
  const left: Scenario = {
    name: 'left',
    act: async (caller) => {
      await caller.enters(grades, 'enter-number', '20')
      await it.bridge.kill()
    },
    hears: [['welcome'], ...fallback],
  }
  expect(await play(left, world)).toEqual([])
  const late: Scenario = { name: 'late', act: async () => undefined, hears: fallback }
  expect(await play(late, world)).toEqual([])
  await it.bridge.start()
})

/** Name and text of every file in a folder. */
async function filesBelow(folder: string): Promise<[string, string][]> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = names.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name))
  return Promise.all(files.map(async (file): Promise<[string, string]> => [file, await readFile(file, 'utf8')]))
}
