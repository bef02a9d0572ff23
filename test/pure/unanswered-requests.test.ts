import { expect, test } from 'vitest'
import type { AriRequests } from '../../bridge/asterisk/ari-connection.ts'
import { AriRefusedError, AriUnreachableError } from '../../bridge/asterisk/ari-errors.ts'
import { readSnapshot, withEntries } from '../../bridge/asterisk/resynchronise.ts'
import { Counters } from '../../bridge/operate/counters.ts'
import { PhoneSettings } from '../../bridge/phone-settings.ts'
import { presenceWorld, silentLog, snapshotOf } from '../support/presence-world.ts'

/*
 * Goal: a request of many that Asterisk does not answer, refuses, or answers oddly costs what it asked for, and not the whole reading.
 * Method: the requests of a snapshot and of the phones' settings, answered by the test.
 */

const phones = ['5860', '5861', '5862', '5863', '5864', '5865']
const unanswered = () => {
  throw new AriUnreachableError('no answer')
}

/** Answers as Asterisk does for these phones; `odd` answers first. */
function asterisk(odd: (path: string) => unknown): AriRequests {
  const request = async (path: string) => {
    const answer = odd(path)
    if (answer !== undefined) return answer
    const [, what = '', id = ''] = path.split('/')
    if (what === 'endpoints') return snapshotOf(...phones).endpoints
    if (what === 'deviceStates') return { name: decodeURIComponent(id), state: 'NOT_INUSE' }
    if (path.includes('/config/')) {
      return [{ attribute: 'callerid', value: `"Phone" <${path.slice(-2)}>` }]
    }
    return []
  }
  return { get: request, put: request, post: request, delete: request }
}
const signal = new AbortController().signal
function noted() {
  const notes: string[] = []
  return { notes, odd: { onUnusable: (list: string) => notes.push(list), onRepaired: () => undefined } }
}
const isOf =
  (...resources: string[]) =>
  (path: string) =>
    resources.some((resource) => path.endsWith(resource))

test.each([
  ['is not answered', unanswered],
  [
    'is refused',
    () => {
      throw new AriRefusedError(500, 'x')
    },
  ],
  ['is answered with something else', () => 'no JSON'],
])('a device state that %s leaves the rest of the snapshot', async (_, fail) => {
  const { notes, odd } = noted()
  const isOdd = isOf('5862')
  const requests = asterisk((path) => (path.startsWith('/deviceStates') && isOdd(path) ? fail() : undefined))
  const { endpoints, deviceStates } = await readSnapshot(requests, signal, odd)
  expect([endpoints.length, deviceStates.length, notes]).toEqual([6, 5, ['/deviceStates']])
})

test('a snapshot of an Asterisk that leaves four requests unanswered fails', async () => {
  const isOdd = isOf('5860', '5861', '5862', '5863')
  const requests = asterisk((path) => (path.startsWith('/deviceStates') && isOdd(path) ? unanswered() : undefined))
  await expect(readSnapshot(requests, signal, noted().odd)).rejects.toBeInstanceOf(AriUnreachableError)
})

test('the first snapshot lacks the number of a phone whose configuration is not answered, and of no other', async () => {
  const isOdd = isOf('5862')
  const { notes, odd } = noted()
  const requests = asterisk((path) => (path.includes('/config/') && isOdd(path) ? unanswered() : undefined))
  const { entries } = await withEntries(snapshotOf(...phones), requests, signal, odd)
  expect(entries?.map(({ number }) => number)).toEqual(['60', '61', '63', '64', '65'])
  expect(notes).toEqual(['endpoint'])
})

async function readingOf(odd: (path: string) => unknown) {
  const world = presenceWorld()
  await world.connect(snapshotOf(...phones))
  const asked: string[] = []
  const settings = new PhoneSettings({
    requests: asterisk((path) => {
      asked.push(path)
      return odd(path)
    }),
    known: world.presence,
    anyChannel: () => undefined,
    counters: new Counters(),
    log: silentLog,
    clock: { nowMs: () => world.clock.wallMs, monotonicMs: () => world.clock.monotonicMs },
  })
  const numbers = () =>
    world.state.endpoints.all().flatMap(({ technology, number }) => (technology === 'PJSIP' ? [number] : []))
  return { world, settings, asked, numbers, configs: () => asked.splice(0).filter((path) => path.includes('/config/')) }
}

test('a phone whose configuration is not answered is asked again after 30 s, and the others are not', async () => {
  let isAway = true
  const isOdd = isOf('5862')
  const it = await readingOf((path) => (isAway && path.includes('/config/') && isOdd(path) ? unanswered() : undefined))
  await it.settings.tick(signal)
  expect(it.numbers()).toEqual(['60', '61', undefined, '63', '64', '65'])
  expect(it.configs()).toHaveLength(6)
  await it.settings.tick(signal)
  expect(it.configs()).toEqual([])
  isAway = false
  it.world.clock.monotonicMs += 30_000
  await it.settings.tick(signal)
  expect(it.configs()).toHaveLength(1)
  expect(it.numbers()).toEqual(['60', '61', '62', '63', '64', '65'])
})

test('a phone whose configuration Asterisk refuses for a moment keeps its number, and one that it does not have loses it', async () => {
  const refused = await readingOf((path) => {
    if (path.endsWith('5860')) throw new AriRefusedError(503, path)
    if (path.includes('/config/') && path.endsWith('5861')) throw new AriRefusedError(404, path)
    return undefined
  })
  refused.world.state.endpoints.describe([
    { endpoint: 'PJSIP/5860', number: '60', name: 'A' },
    { endpoint: 'PJSIP/5861', number: '61', name: 'B' },
  ])
  await refused.settings.tick(signal)
  expect(refused.numbers().slice(0, 2)).toEqual(['60', undefined])
})
