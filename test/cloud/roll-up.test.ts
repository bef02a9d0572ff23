import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Cdr } from '../../contracts/cdr.ts'
import { fileCdr, hourOf } from '../../functions/domain/filing.ts'
import { getStats } from '../../functions/http/stats/get-stats.ts'
import { type RollUpDependencies, rollUp } from '../../functions/queues/watch/roll-up.ts'
import { CdrStore } from '../../functions/stores/cdrs.ts'
import { DirtyHourStore } from '../../functions/stores/dirty-hours.ts'
import { PlacedCallStore } from '../../functions/stores/placed-calls.ts'
import { TotalStore } from '../../functions/stores/totals.ts'
import { makeCdr } from '../support/cdrs.ts'
import { startTables, type TestTables } from '../support/tables.ts'

/**
 * Goal: totals equal those of the stored rows after duplicate, late and concurrent deliveries.
 * Method: rows and marks are written as persist-records writes them; roll-ups run between and concurrently.
 */
let tables: TestTables
let cdrs: CdrStore
let hours: DirtyHourStore
let totals: TotalStore
let placed: PlacedCallStore
beforeAll(async () => {
  tables = await startTables()
  cdrs = new CdrStore(tables.db, tables.table)
  hours = new DirtyHourStore(tables.db, tables.table)
  totals = new TotalStore(tables.db, tables.table)
  placed = new PlacedCallStore(tables.db, tables.table)
})
afterAll(async () => tables[Symbol.asyncDispose]())

const numbering = { country: 'FR' } as const
/** Runs a roll-up an hour after the last one, so that every hour is due. */
let clock = Date.UTC(2026, 11, 1)
const rolling = (over: Partial<RollUpDependencies> = {}): RollUpDependencies => {
  clock += 3_600_000
  const at = clock
  return { hours, totals, placed, numberingOf: async () => numbering, now: () => at, until: at + 1, ...over }
}
async function write(site: string, cdr: Cdr) {
  await cdrs.put(site, cdr, undefined, numbering)
  await hours.mark(site, hourOf(fileCdr(cdr).filed))
}
const stats = (site: string, by: 'hour' | 'day' | 'extension' | 'trunk', zone = 'UTC') =>
  getStats(site, { from: '2026-11-23', to: '2026-11-24', by }, { totals, zone })
const untilClean = async () => {
  for (let n = 0; n < 10 && (await hours.marks(10)).length > 0; n += 1) await rollUp(rolling())
}

test('does not change totals when a row is redelivered', async () => {
  const sent = Array.from({ length: 90 }, (_, n) =>
    makeCdr(n, n % 3 ? {} : { disposition: 'NO ANSWER', answer: '', billsec: 0 }),
  )
  for (const cdr of sent) await write('again', cdr)
  await untilClean()
  const first = await stats('again', 'hour')
  for (const cdr of sent.slice(0, 20)) await write('again', cdr)
  await untilClean()
  expect(await stats('again', 'hour')).toEqual(first)
  const full = first.rows
    .filter(({ calls }) => calls > 0)
    .map(({ key, calls, answered, talkSeconds }) => [key, calls, answered, talkSeconds])
  expect(full).toEqual([
    ['2026-11-23T19:00+00:00', 60, 40, 280],
    ['2026-11-23T20:00+00:00', 30, 20, 140],
  ])
  expect(first.total).toMatchObject({ calls: 90, answerSeizureRatio: 0.667, averageTalkSeconds: 7, maxConcurrent: 1 })
  expect(first.rows).toHaveLength(48)
})

test('counts calls in the local hours of a time zone whose offset from UTC includes half an hour', async () => {
  const { rows, total } = await stats('again', 'hour', 'Asia/Kolkata')
  expect(rows.filter(({ calls }) => calls > 0).map(({ key, calls }) => [key, calls])).toEqual([
    ['2026-11-24T00:00+05:30', 30],
    ['2026-11-24T01:00+05:30', 60],
  ])
  expect(total.calls).toBe(90)
})

test('counts a call for each extension and each trunk that takes part in it', async () => {
  await write('lines', makeCdr(1))
  await write('lines', makeCdr(2, { dst: '0123456789', dstchannel: 'PJSIP/mytrunk-0000000a' }))
  await write('lines', makeCdr(3, { src: '0987654321', channel: 'PJSIP/mytrunk-0000000b' }))
  await untilClean()
  const [extensions, trunks] = [await stats('lines', 'extension'), await stats('lines', 'trunk')]
  expect(extensions.rows.map(({ key, calls }) => [key, calls])).toEqual([
    ['60', 2],
    ['61', 2],
  ])
  expect(trunks.rows.map(({ key, calls, directions }) => [key, calls, directions.inbound?.calls])).toEqual([
    ['PJSIP/mytrunk', 2, 1],
  ])
})

test('counts a row that is written while two concurrent runs total its hour', async () => {
  for (let late = 0; late < 6; late += 1) {
    const site = `race-${late}`
    await write(site, makeCdr(1))
    let steps = 0
    const step = async () => {
      steps += 1
      if (steps !== late) return
      await write(site, makeCdr(2))
      await rollUp(rolling())
    }
    const slow = { ...rolling(), totals: interrupted(totals, step) }
    await rollUp(slow)
    await untilClean()
    expect((await stats(site, 'day')).total.calls, `after step ${late}`).toBe(late > 0 && late <= steps ? 2 : 1)
  }
})

/** Wraps a store so that something else happens before each of its methods. */
function interrupted(store: TotalStore, step: () => Promise<void>): RollUpDependencies['totals'] {
  const before =
    <A extends unknown[], R>(act: (...args: A) => Promise<R>) =>
    async (...args: A) => {
      await step()
      return act(...args)
    }
  return {
    hour: before(store.hour.bind(store)),
    cdrs: before(store.cdrs.bind(store)),
    put: before(store.put.bind(store)),
  }
}

test('counts a row that is written right after the totals of its hour, whose mark then has another stamp', async () => {
  await write('after', makeCdr(1))
  let isLate = true
  const putThenWrite: typeof totals.put = async (...given) => {
    const done = await totals.put(...given)
    if (isLate) await write('after', makeCdr(2))
    isLate = false
    return done
  }
  const slow = { hour: totals.hour.bind(totals), cdrs: totals.cdrs.bind(totals), put: putThenWrite }
  expect(await rollUp(rolling({ totals: slow }))).toMatchObject({ again: 1, done: 0 })
  expect((await stats('after', 'day')).total.calls).toBe(1)
  await untilClean()
  expect((await stats('after', 'day')).total.calls).toBe(2)
})

test('if totalling an hour took long, waits before it totals that hour again', async () => {
  await write('rest', makeCdr(1))
  let at = 1_000_000
  const slow = { ...rolling(), until: Number.MAX_SAFE_INTEGER, now: () => (at += 100) }
  expect((await rollUp(slow)).done).toBe(1)
  await write('rest', makeCdr(2))
  expect(await rollUp(slow)).toMatchObject({ done: 0, resting: 1 })
  at += 20 * 1_000
  expect(await rollUp(slow)).toMatchObject({ done: 1, resting: 0 })
})

test('a call that continues into the next hour counts in the peak of that hour, but not in its number of calls', async () => {
  await write('open', makeCdr(59, { end: '2026-11-23T20:10:00+0000', duration: 660, billsec: 650 }))
  await write('open', makeCdr(62))
  await untilClean()
  const { rows } = await stats('open', 'hour')
  expect(rows.filter(({ maxConcurrent }) => maxConcurrent > 0).map((row) => [row.calls, row.maxConcurrent])).toEqual([
    [1, 1],
    [1, 2],
  ])
})
