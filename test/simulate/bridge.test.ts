import { expect, test } from 'vitest'
import { bugs } from './bridge/bugs.ts'
import { simulate, summaryLine } from './bridge/main.ts'

/*
 * Goal: faults of the bridge and its queue lose and duplicate no call record, and leave presence correct.
 * Method: seeded schedules of calls and faults run the bridge's own components on models of disk, clock, PBX and queue. The
 * same with a planted bug must fail, because a simulator that finds no planted bug proves nothing.
 */
const seeds = 150
const seedsForBug = 200

test(`${seeds} schedules of faults lose and duplicate no record and leave presence correct`, async () => {
  const summary = await simulate(1, seeds)
  expect(summary.failed, summaryLine(summary)).toEqual([])
  expect(summary.records).toBeGreaterThan(3 * seeds)
  for (const [kind, count] of summary.injected) expect(count, kind).toBeGreaterThan(0.05 * seeds)
})

test.each(Object.keys(bugs))('finds the planted bug %s within 200 seeds', async (name) => {
  const { failed } = await simulate(1, seedsForBug, name)
  expect(failed.length).toBe(1)
})

test('the same seed gives the same result twice', async () => {
  const [one, two] = [await simulate(7, 3), await simulate(7, 3)]
  expect(two).toEqual(one)
})
