import { expect, test } from 'vitest'
import type { Change } from '../../client/index.ts'
import type { Call } from '../../contracts/calls.ts'
import type { EndpointEntity } from '../../contracts/frames.ts'
import { CallLog, logPageRows, logRowsMax } from '../../dashboard/call-log.ts'
import { addChanges, stateRowsMax } from '../../dashboard/state-log.ts'
import { call, endedCall, endpoint } from '../browser/support/facts.ts'
import { VirtualClock } from '../browser/support/virtual-clock.ts'

const set = (entity: EndpointEntity, before?: EndpointEntity): Change => {
  return { topic: 'endpoints', kind: 'set', source: 'delta', id: entity.id, entity, ...(before && { before }) }
}

test('the list of state changes has a row for each change, newest first', () => {
  const idle = endpoint('5860', 'NOT_INUSE')
  const ringing = endpoint('5860', 'RINGING')
  const log = addChanges(addChanges([], [set(idle)]), [set(ringing, idle)])
  expect(log.map(({ endpoint, word }) => [endpoint, word])).toEqual([
    ['PJSIP/5860', 'ringing'],
    ['PJSIP/5860', 'available'],
  ])
})

test('the list of state changes gets no row for an unchanged state, a removal or a call', () => {
  const idle = endpoint('5860', 'NOT_INUSE')
  const log = addChanges([], [set(idle)])
  const gone: Change = { topic: 'endpoints', kind: 'gone', source: 'delta', id: idle.id, before: idle }
  const dialling: Change = { topic: 'calls', kind: 'set', source: 'delta', id: '1.1', entity: call('1.1', 'dialling') }
  expect(addChanges(log, [set(endpoint('5860', 'NOT_INUSE'), idle), gone, dialling])).toBe(log)
})

test('the list of state changes gets a row for a phone that becomes unreachable with the same device state', () => {
  const idle = endpoint('5860', 'NOT_INUSE')
  const lost = endpoint('5860', 'NOT_INUSE', { reachability: 'offline' })
  expect(addChanges([], [set(lost, idle)])).toMatchObject([{ word: 'offline' }])
})

test('the list of state changes has no row for what the first snapshot says, and one for what changed while the page was cut off', () => {
  const idle = endpoint('5860', 'NOT_INUSE')
  const first: Change = { topic: 'endpoints', kind: 'set', source: 'snapshot', id: idle.id, entity: idle }
  expect(addChanges([], [first])).toEqual([])
  const later = endpoint('5860', 'INUSE')
  expect(addChanges([], [{ ...first, entity: later, before: idle }])).toMatchObject([{ word: 'on-call' }])
})

test('the list of state changes keeps at most 200 rows', () => {
  const changes = Array.from({ length: stateRowsMax + 20 }, (_, n) => set(endpoint(String(n), 'INUSE')))
  expect(addChanges([], changes)).toHaveLength(stateRowsMax)
})

/** Answers pages of a call log, newest first, as the API does. */
class Archive {
  calls: Call[] = []
  reads = 0
  failure: Error | undefined
  listCalls = async ({ limit = '25', cursor = '0' }: Readonly<Record<string, string>>) => {
    this.reads++
    if (this.failure) throw this.failure
    const to = Number(cursor) + Number(limit)
    return { calls: this.calls.slice(Number(cursor), to), ...(to < this.calls.length && { cursor: String(to) }) }
  }
}

const at = (n: number) => new Date(Date.parse('2026-11-24T08:00:00.000Z') + n * 1_000).toISOString()
const settle = () => new Promise((resolve) => setImmediate(resolve))

function setting(count: number) {
  const archive = new Archive()
  archive.calls = Array.from({ length: count }, (_, n) => endedCall(`1.${count - n}`, { startedAt: at(count - n) }))
  const clock = new VirtualClock()
  let changes = 0
  const log = new CallLog(archive, clock, () => changes++)
  const ids = () => log.rows.map(({ call }) => call)
  return { archive, clock, log, ids, changes: () => changes }
}

test('the call log shows its first page, and older pages on request', async () => {
  const { log } = setting(2 * logPageRows + 3)
  await log.refresh()
  expect([log.rows.length, log.hasOlder]).toEqual([logPageRows, true])
  await log.older()
  await log.older()
  expect([log.rows.length, log.hasOlder]).toEqual([2 * logPageRows + 3, false])
})

test('the call log adds a new record above the pages that are shown', async () => {
  const { archive, log, ids } = setting(2 * logPageRows)
  await log.refresh()
  await log.older()
  archive.calls.unshift(endedCall('2.1', { startedAt: at(1_000) }))
  await log.refresh()
  expect(ids()).toHaveLength(2 * logPageRows + 1)
  expect(ids()[0]).toBe('2.1')
})

test('the call log starts again with the newest page if calls may be missing between it and the shown rows', async () => {
  const { archive, log, ids } = setting(logPageRows + 5)
  await log.refresh()
  archive.calls.unshift(...Array.from({ length: 40 }, (_, n) => endedCall(`2.${40 - n}`, { startedAt: at(1_000 - n) })))
  await log.refresh()
  expect(ids()).toEqual(archive.calls.slice(0, logPageRows).map(({ call }) => call))
  await log.older()
  expect(ids()).toEqual(archive.calls.slice(0, 2 * logPageRows).map(({ call }) => call))
})

test('the call log keeps at most 500 rows', async () => {
  const { log } = setting(logRowsMax + 100)
  await log.refresh()
  while (log.hasOlder) await log.older()
  expect(log.rows).toHaveLength(logRowsMax)
})

test('reads the log until it has an ended call and no more CDRs of it arrive, then stops', async () => {
  const { archive, clock, log, ids } = setting(1)
  const look = async () => {
    clock.advance(clock.delaysMs[0] ?? 0)
    await settle()
    return [archive.reads, ids(), log.rows[0]?.result]
  }
  await log.refresh()
  log.awaitRecord('2.1')
  expect(await look()).toEqual([2, ['1.1'], 'answered'])
  archive.calls.unshift(endedCall('2.1', { startedAt: at(50), result: 'no-answer' }))
  expect(await look()).toEqual([3, ['2.1', '1.1'], 'no-answer'])
  archive.calls[0] = endedCall('2.1', { startedAt: at(50), result: 'voicemail', legs: 2 })
  expect(await look()).toEqual([4, ['2.1', '1.1'], 'voicemail'])
  await look()
  expect(clock.timers).toBe(0)
})

test('the call log stops waiting after 10 s for the record of a call that has none', async () => {
  const { archive, clock, log } = setting(1)
  log.awaitRecord('2.1')
  const started = clock.now()
  while (clock.timers > 0) {
    clock.advance(clock.delaysMs[0] ?? 0)
    await settle()
  }
  expect(clock.now() - started).toBeGreaterThanOrEqual(10_000)
  expect(clock.now() - started).toBeLessThanOrEqual(12_000)
  expect(archive.reads).toBeLessThanOrEqual(8)
})

test('the call log says why a read failed, keeps its rows, and removes the reason after a success', async () => {
  const { archive, log, ids, changes } = setting(1)
  await log.refresh()
  archive.failure = new Error('No answer from 127.0.0.1:1.')
  const before = changes()
  await log.refresh()
  expect([log.failure, ids()]).toEqual(['Error: No answer from 127.0.0.1:1.', ['1.1']])
  expect(changes()).toBeGreaterThan(before)
  archive.failure = undefined
  await log.refresh()
  expect(log.failure).toBeUndefined()
})

test('the call log reads and shows nothing after stop()', async () => {
  const { clock, log, ids } = setting(1)
  log.awaitRecord('1.1')
  const reading = log.refresh()
  log.stop()
  await reading
  expect([clock.timers, ids()]).toEqual([0, []])
})
