import { expect, test } from 'vitest'
import type { Cdr } from '../../contracts/cdr.ts'
import { fileCdr, hourOf } from '../../functions/domain/filing.ts'
import { getStats } from '../../functions/http/stats/get-stats.ts'
import { type RollUpDependencies, rollUp } from '../../functions/queues/watch/roll-up.ts'
import { CdrStore } from '../../functions/stores/cdrs.ts'
import { DirtyHourStore } from '../../functions/stores/dirty-hours.ts'
import { PlacedCallStore } from '../../functions/stores/placed-calls.ts'
import { TotalStore } from '../../functions/stores/totals.ts'
import { documentClientOver, MemoryTable } from '../simulate/presence/table.ts'
import { makeCdr } from '../support/cdrs.ts'

/** Goal: what a roll-up leaves undone, it does later, and one site stops no other. test/cloud/roll-up.test.ts runs it over an emulator. */
const numbering = { country: 'FR' } as const

function rollUps() {
  const table = new MemoryTable()
  const db = documentClientOver(async (command) => table.carryOut(command))
  const [cdrs, hours, totals] = [new CdrStore(db, 't'), new DirtyHourStore(db, 't'), new TotalStore(db, 't')]
  let clock = Date.UTC(2026, 11, 1)
  return {
    hours,
    totals,
    async write(site: string, cdr: Cdr) {
      await cdrs.put(site, cdr, undefined, numbering)
      await hours.mark(site, hourOf(fileCdr(cdr).filed))
    },
    /** Runs a roll-up an hour after the last one, so that every hour is due. */
    roll(over: Partial<RollUpDependencies> = {}) {
      clock += 3_600_000
      const [at, placed] = [clock, new PlacedCallStore(db, 't')]
      return rollUp({
        hours,
        totals,
        placed,
        numberingOf: async () => numbering,
        now: () => at,
        until: at + 1,
        ...over,
      })
    },
    marks: async () => (await hours.marks(100)).map(({ site, hour }) => `${site} ${hour}`),
    calls: async (site: string) =>
      (await getStats(site, { from: '2026-11-23', to: '2026-11-24', by: 'day' }, { totals, zone: 'UTC' })).total.calls,
  }
}

test('a mark stays if another run totalled its hour meanwhile, since that run may have seen fewer rows', async () => {
  const { write, roll, marks, totals, calls } = rollUps()
  await write('office', makeCdr(1))
  const hour = totals.hour.bind(totals)
  const refusing = { hour, cdrs: totals.cdrs.bind(totals), put: async () => false }
  expect(await roll({ totals: refusing })).toEqual({ done: 0, resting: 0, again: 1, failed: 0 })
  expect([await marks(), await calls('office')]).toEqual([['office 2026-11-23T19'], 0])
  expect(await roll()).toMatchObject({ done: 1 })
  expect([await marks(), await calls('office')]).toEqual([[], 1])
})

test('a row that is written while its hour is totalled leaves the mark, which has another stamp then', async () => {
  const { write, roll, marks, totals, calls } = rollUps()
  await write('office', makeCdr(1))
  const put: typeof totals.put = async (...given) => {
    const isDone = await totals.put(...given)
    await write('office', makeCdr(2))
    return isDone
  }
  expect(await roll({ totals: { hour: totals.hour.bind(totals), cdrs: totals.cdrs.bind(totals), put } })).toMatchObject(
    {
      again: 1,
    },
  )
  expect(await marks()).toEqual(['office 2026-11-23T19'])
  await roll()
  expect(await calls('office')).toBe(2)
})

test('a call that continues into the next hour marks that hour before the mark of its own is deleted', async () => {
  const { write, roll, marks } = rollUps()
  await write('office', makeCdr(1, { end: '2026-11-23T20:30:00+0000', duration: 5_340, billsec: 5_338 }))
  expect(await roll()).toMatchObject({ done: 1 })
  expect(await marks()).toEqual(['office 2026-11-23T20'])
  expect(await roll()).toMatchObject({ done: 1 })
  expect(await marks()).toEqual([])
})

test('a site whose hour fails is counted and stops no other site', async () => {
  const { write, roll, marks, calls } = rollUps()
  for (const site of ['a-office', 'b-office', 'c-office']) await write(site, makeCdr(1))
  const numberingOf: RollUpDependencies['numberingOf'] = async (site) => {
    if (site === 'b-office') throw new Error('its settings cannot be read')
    return numbering
  }
  expect(await roll({ numberingOf })).toEqual({ done: 2, resting: 0, again: 0, failed: 1 })
  expect([await marks(), await calls('a-office'), await calls('c-office')]).toEqual([['b-office 2026-11-23T19'], 1, 1])
})
