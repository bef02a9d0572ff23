import { expect, test } from 'vitest'
import { bugs } from './bridge/bugs.ts'
import { simulate, summaryLine } from './bridge/main.ts'

/*
 * Goal: faults of the bridge and its queue lose and duplicate no call record, and leave presence correct.
 * Method: seeded schedules of calls and faults run the bridge's own components on models of disk, clock, PBX and queue. The
 * same with a planted bug must fail, because a simulator that finds no planted bug proves nothing.
 */
const seeds = 80
const seedsForBug = 200

test(`loses and duplicates no record, and ends with correct presence, in ${seeds} random schedules of faults`, async () => {
  const summary = await simulate(1, seeds)
  expect(summary.failed, summaryLine(summary)).toEqual([])
  expect(summary.records).toBeGreaterThan(3 * seeds)
  for (const [kind, count] of summary.injected) expect(count, kind).toBeGreaterThan(0.05 * seeds)
})

test.each(Object.keys(bugs))('the simulation finds the planted bug %s within 200 seeds', async (name) => {
  const { failed } = await simulate(1, seedsForBug, name)
  expect(failed.length).toBe(1)
})

test('two simulations with the same seed give the same result', async () => {
  const [one, two] = [await simulate(7, 3), await simulate(7, 3)]
  expect(two).toEqual(one)
})
