import { expect, test } from 'vitest'
import { parseSchedule } from '../../infra/local/events/schedule-expression.ts'
import { notes } from './local-fixture/notes.ts'
import { patiently, runFixture } from './local-fixture/packaged-fixture.ts'

test.each([
  ['rate(1 minute)', '2026-01-01T00:00:30Z', '2026-01-01T00:01:30Z'],
  ['rate(5 minutes)', '2026-01-01T00:00:00Z', '2026-01-01T00:05:00Z'],
  ['rate(2 days)', '2026-01-01T00:00:00Z', '2026-01-03T00:00:00Z'],
  ['cron(* * * * ? *)', '2026-01-01T00:00:30Z', '2026-01-01T00:01:00Z'],
  ['cron(0/15 * * * ? *)', '2026-01-01T00:16:00Z', '2026-01-01T00:30:00Z'],
  ['cron(30 6 * * ? *)', '2026-01-01T07:00:00Z', '2026-01-02T06:30:00Z'],
  ['cron(0 0 1 1,7 ? *)', '2026-01-01T00:00:00Z', '2026-07-01T00:00:00Z'],
  ['cron(0 12 ? * 2-6 *)', '2026-01-02T13:00:00Z', '2026-01-05T12:00:00Z'],
  ['cron(0 0 29 2 ? *)', '2026-01-01T00:00:00Z', '2028-02-29T00:00:00Z'],
  ['cron(0 9 L * ? *)', '2026-02-01T00:00:00Z', '2026-02-28T09:00:00Z'],
  ['cron(0 9 ? * MON#1 *)', '2026-01-06T00:00:00Z', '2026-02-02T09:00:00Z'],
])('finds the next run of the schedule %s after %s', (expression, after, next) => {
  const ms = parseSchedule(expression, 'nightly').nextAfter(Date.parse(after))
  expect(ms && new Date(ms).toISOString()).toBe(next.replace('Z', '.000Z'))
})

test('finds no next run of a cron schedule whose last year is over', () => {
  expect(parseSchedule('cron(0 12 * * ? 2025)', 'nightly').nextAfter(Date.parse('2026-01-01'))).toBeUndefined()
})

test.each([
  'rate(0 minutes)',
  'rate(5 fortnights)',
  'cron(0 12 * *)',
  'cron(61 * * * ? *)',
  'cron(0 12 * * * *)',
  'cron(0 12 ? * ? *)',
  'cron(0 12 X * ? *)',
  'at(2026-01-01)',
])('rejects the invalid schedule %s and names its rule', (expression) => {
  expect(() => parseSchedule(expression, 'nightly')).toThrow(/rule nightly: its schedule .* write rate\(5 minutes\)/)
})

test('invokes the target of a scheduled rule once per period, with the input of the rule', async () => {
  // A minute takes 100 ms on this clock.
  await using fixture = await runFixture({ clockScale: 600 })
  await expect.poll(async () => (await notes(fixture.cloud, 'tick')).length, patiently).toBeGreaterThanOrEqual(3)
  expect((await notes(fixture.cloud, 'tick'))[0]).toEqual({ tick: 'every-minute' })
})
