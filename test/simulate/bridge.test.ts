import { expect, test } from 'vitest'
import { bugs } from './bridge/bugs.ts'
import { closingLine, simulate } from './bridge/main.ts'

/*
 * Goal: nothing that Asterisk said is lost, doubled or left wrong by the faults that touch the bridge and its queue.
 * Method: seeded schedules of calls and faults over the bridge's own parts, on a model of disk, clock, PBX and queue; and
 * the same with a known mistake put in, which has to be found, for a simulator that finds nothing proves nothing.
 */
const seeds = 300
const seedsForBug = 200

test(`${seeds} schedules of faults lose nothing, double nothing and leave presence right`, {
  timeout: 240_000,
}, async () => {
  const summary = await simulate(1, seeds)
  expect(summary.failed, closingLine(summary)).toEqual([])
  expect(summary.records).toBeGreaterThan(3 * seeds)
  for (const [kind, count] of summary.injected) expect(count, kind).toBeGreaterThan(0.05 * seeds)
})

test.each(Object.keys(bugs))('the planted mistake %s is found', { timeout: 120_000 }, async (name) => {
  const { failed } = await simulate(1, seedsForBug, name)
  expect(failed.length).toBe(1)
})

test('a seed gives the same run each time', async () => {
  const [one, two] = [await simulate(7, 3), await simulate(7, 3)]
  expect(two).toEqual(one)
})
