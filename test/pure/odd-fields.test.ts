import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { expect, test } from 'vitest'
import type { AriRequests } from '../../bridge/asterisk/ari-connection.ts'
import { readSnapshot } from '../../bridge/asterisk/resynchronise.ts'
import { Bridge, Channel, DeviceState, Endpoint } from '../../bridge/normalise/ari-objects.ts'
import { AriEvent, eventSchemas } from '../../bridge/normalise/events.ts'
import { readFrame } from '../../bridge/normalise/frames.ts'
import { type Fact, PbxState } from '../../bridge/normalise/pbx-state.ts'
import { Stamp } from '../../bridge/normalise/stamp.ts'
import { BridgeEvent } from '../../contracts/events.ts'
import { propertyRuns } from '../support/property.ts'
import { Random } from '../support/random.ts'

/*
 * Goal: one odd field in an event or in an item of a list costs that field at most; the rest of the site stays right, the cloud
 * refuses no fact, and each odd field is counted.
 * Method: recordings of a real Asterisk in which one field is replaced, while a call between two other phones goes on unchanged.
 */

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000)
const now = '2026-11-23T19:00:00.000Z'
const folder = join(import.meta.dirname, '../recordings')
const read = (name: string) => readFileSync(join(folder, name), 'utf8')
const linesOf = (name: string) =>
  read(name)
    .split('\n')
    .filter((line) => line.startsWith('{'))
const events = readdirSync(folder)
  .filter((name) => name.endsWith('.jsonl') && !name.startsWith('cdr_'))
  .flatMap(linesOf)
  .filter((line) => eventSchemas.has(String(typeOf(line))))
  .filter((line) => typeOf(line) !== 'ApplicationReplaced')

function typeOf(line: string): unknown {
  const json: unknown = JSON.parse(line)
  return typeof json === 'object' && json !== null && 'type' in json ? json.type : undefined
}

/** A call that the odd events have nothing to do with: other phones, other channels. */
const bystander = linesOf('internal_answered.jsonl').map((line) =>
  line.replaceAll('PJSIP/58', 'PJSIP/78').replaceAll('pbx1-', 'pbx2-'),
)
const isOfBystander = (fact: Fact) =>
  (fact.kind === 'call' && fact.state.call.startsWith('pbx2-')) ||
  (fact.kind === 'endpoint' && fact.state.endpoint.startsWith('PJSIP/78'))

const missing = Symbol('missing')
const oddValues: readonly unknown[] = [
  missing,
  null,
  '',
  7,
  -1.5,
  1e300,
  '1e999',
  '9'.repeat(20),
  true,
  [],
  {},
  ['x', 7],
  'x'.repeat(201),
  'x'.repeat(1_100),
  'é'.repeat(100_000),
  '\u{1f600}'.repeat(150),
  '\u{1f600}'.repeat(300),
  'half \ud83d',
  '\udc00 half',
  'a\u0000b',
  'a\nb',
  '\u202e\ufeff',
  '%n%s',
]

type Holder = Record<string, unknown>
function* fieldsOf(json: unknown, path = ''): Generator<{ holder: Holder; key: string; path: string }> {
  if (typeof json !== 'object' || json === null) return
  for (const [key, value] of Object.entries(json)) {
    const inner = path === '' ? key : `${path}.${Array.isArray(json) ? '[]' : key}`
    yield { holder: json as Holder, key, path: inner }
    yield* fieldsOf(value, inner)
  }
}

/** Replaces one field and returns its path. */
function makeOdd(json: unknown, random: Random): string {
  const { holder, key, path } = random.pick([...fieldsOf(json)])
  const value = random.pick(oddValues)
  if (value === missing) delete holder[key]
  else holder[key] = structuredClone(value)
  return path
}

/** Without these, nobody can tell what an event is about, or what it says. */
const essential = /^(type|channel|channel\.id|peer|peer\.id|caller|caller\.id|(endpoint|device_state)(\.\w+)?)$/

test(`live-03 5,000 events with one odd field each leave the rest of the site right and are counted (seed ${seed})`, () => {
  const random = new Random(seed)
  const [odd, undisturbed] = [new PbxState(), new PbxState()]
  const stamp = new Stamp('lyon-1', 1_795_500_000)
  const [seen, expected]: [Fact[], Fact[]] = [[], []]
  const counts = { calls: 0, endpoints: 0, repaired: 0, malformed: 0 }
  const publish = (facts: Fact[]) => {
    for (const fact of facts) {
      const event: unknown = JSON.parse(JSON.stringify(stamp.event(fact, now)))
      const accepted = v.safeParse(BridgeEvent, event)
      expect(accepted.success, JSON.stringify(event).slice(0, 2_000)).toBe(true)
      counts[fact.kind === 'call' ? 'calls' : 'endpoints'] += 1
      if (isOfBystander(fact)) seen.push(fact)
    }
  }
  for (let at = 0; at < propertyRuns(5_000); at += 1) {
    const json: unknown = JSON.parse(random.pick(events))
    const path = makeOdd(json, random)
    const bytes = Buffer.from(JSON.stringify(json))
    // What the schema says of the event as it is, without a repair.
    const isOdd = !v.is(AriEvent, json)
    const frame = readFrame(bytes)
    if (frame.kind === 'event') {
      expect(frame.repaired !== undefined, `${path} ${bytes}`.slice(0, 2_000)).toBe(isOdd)
      if (frame.repaired !== undefined) counts.repaired += 1
      publish(odd.apply(frame.event, now))
    } else {
      expect(path, `${frame.kind} ${bytes}`.slice(0, 2_000)).toMatch(essential)
      counts.malformed += 1
    }
    if (at % 10 > 0) continue
    const next = readFrame(Buffer.from(bystander[(at / 10) % bystander.length] ?? ''))
    if (next.kind !== 'event') continue
    publish(odd.apply(next.event, now))
    expected.push(...undisturbed.apply(next.event, now))
  }
  expect(seen).toEqual(expected)
  expect(expected.length).toBeGreaterThan(20)
  expect(counts.repaired).toBeGreaterThan(500)
  expect(counts.malformed).toBeGreaterThan(100)
  expect(JSON.stringify(odd.all()).length).toBeLessThan(8_000_000)
})

/** The answers of a real Asterisk: `200 ` and the body. */
const answerOf = (name: string): unknown => JSON.parse(read(name).trim().replace(/^\d+ /, ''))
const lists = {
  '/endpoints': v.parse(v.array(v.unknown()), answerOf('resync_endpoints.json')),
  '/channels': v.parse(v.array(v.unknown()), answerOf('resync_channels.json')),
  '/bridges': v.parse(v.array(v.unknown()), answerOf('resync_bridges.json')),
}
const itemSchemas = { '/endpoints': Endpoint, '/channels': Channel, '/bridges': Bridge, '/deviceStates': DeviceState }
type List = keyof typeof itemSchemas

/** Answers as Asterisk did, with one odd item first in the list. */
function answering(list: List, item: unknown): Pick<AriRequests, 'get'> {
  return {
    async get(path) {
      if (path.includes('/variable')) return { value: '' }
      if (path.startsWith('/deviceStates/')) {
        const name = decodeURIComponent(path.slice('/deviceStates/'.length))
        return list === '/deviceStates' && name === 'PJSIP/5862' ? item : { name, state: 'NOT_INUSE' }
      }
      const whole = Object.entries(lists).find(([name]) => name === path)?.[1] ?? []
      return structuredClone(path === list ? [item, ...whole] : whole)
    },
  }
}

const refuse = async () => Promise.reject(new Error('not asked'))

test(`live-03 5,000 list items with one odd field each leave the others in the snapshot and are counted (seed ${seed})`, async () => {
  const random = new Random(seed)
  const counts = { unusable: 0, repaired: 0 }
  const odd = { onUnusable: () => (counts.unusable += 1), onRepaired: () => (counts.repaired += 1) }
  const rest = (list: List, item: unknown): AriRequests => {
    return { ...answering(list, item), put: refuse, post: refuse, delete: refuse }
  }
  const undisturbed = await readSnapshot(rest('/bridges', lists['/bridges'][0]), AbortSignal.any([]), odd)
  const state = new PbxState()
  state.resynchronise(undisturbed, now)
  const right = ofOthers(state)
  expect({ ...counts, right: right.length }).toEqual({ unusable: 0, repaired: 0, right: 4 })
  for (let at = 0; at < propertyRuns(5_000); at += 1) {
    const list = random.pick(['/endpoints', '/channels', '/bridges', '/deviceStates'] as const)
    const item = list === '/deviceStates' ? { name: 'PJSIP/5862', state: 'INUSE' } : other(random.pick(lists[list]))
    makeOdd(item, random)
    const isOdd = !v.is(itemSchemas[list], item)
    const before = counts.unusable + counts.repaired
    const snapshot = await readSnapshot(rest(list, item), AbortSignal.any([]), odd)
    expect(counts.unusable + counts.repaired - before, `${list} ${JSON.stringify(item)}`.slice(0, 2_000)).toBe(
      isOdd ? 1 : 0,
    )
    const found = new PbxState()
    found.resynchronise(snapshot, now)
    expect(ofOthers(found)).toEqual(right)
  }
  expect(counts.unusable).toBeGreaterThan(200)
  expect(counts.repaired).toBeGreaterThan(200)
})

test('a channel that Asterisk lists twice while it replaces its state is taken once, as it is listed last', async () => {
  const rest = { ...answering('/channels', other(lists['/channels'][0])), put: refuse, post: refuse, delete: refuse }
  const state = { ...(other(lists['/channels'][0]) as object), state: 'Down' }
  const twice = {
    ...rest,
    get: async (path: string) => {
      const answer = await rest.get(path, AbortSignal.any([]))
      return path === '/channels' && Array.isArray(answer) ? [state, ...answer] : answer
    },
  }
  const none = () => expect.unreachable()
  const snapshot = await readSnapshot(twice, AbortSignal.any([]), { onUnusable: none, onRepaired: none })
  const ids = snapshot.channels.map(({ id }) => id)
  expect(ids).toEqual([...new Set(ids)])
  expect(snapshot.channels.find(({ id }) => id.startsWith('pbx2-'))?.state).not.toBe('Down')
})

/** The same item of another phone and another call. */
function other(item: unknown): unknown {
  return JSON.parse(
    JSON.stringify(item).replaceAll('PJSIP/58', 'PJSIP/78').replaceAll('"58', '"78').replaceAll('pbx1-', 'pbx2-'),
  )
}

function isOfOthers(fact: Fact): boolean {
  if (fact.kind === 'call') return fact.state.call.startsWith('pbx1-')
  return fact.kind === 'endpoint' && /^PJSIP\/(5860|5861|mytrunk)$/.test(fact.state.endpoint)
}

function ofOthers(state: PbxState): string[] {
  return state
    .all()
    .filter(isOfOthers)
    .map((fact) => JSON.stringify(fact))
    .sort()
}
