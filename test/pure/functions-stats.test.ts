import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Call } from '../../contracts/calls.ts'
import { type OpenCall, totalHour } from '../../functions/domain/stats/hour-total.ts'
import { dayKey, hourKey, nextDay, offsetsOf, startOfDay, weekKey } from '../../functions/domain/stats/zone.ts'
import { propertyRuns } from '../support/property.ts'

const hourStart = Date.parse('2026-11-23T19:00:00Z') / 1000
const iso = (seconds: number) => new Date(seconds * 1000).toISOString()

function makeCall(start: number, seconds: number, result: Call['result'] = 'answered'): Call {
  const caller = { number: '60', name: '' }
  const times = { startedAt: iso(start), endedAt: iso(start + seconds) }
  return { call: 'c', state: 'ended', caller, dialled: '61', callees: [], ...times, direction: 'internal', result }
}

const shortCalls = fc.array(
  fc.record({ offset: fc.integer({ min: 0, max: 3599 }), seconds: fc.integer({ min: 0, max: 9000 }) }),
  { maxLength: 12 },
)

test('computes the same peaks of concurrent calls as a count of each second, with calls that began in an earlier hour', () => {
  fc.assert(
    fc.property(shortCalls, shortCalls, (before, own) => {
      const inHour = (hour: number, calls: typeof own) =>
        calls.map(({ offset, seconds }) => ({ call: makeCall(hour + offset, seconds), lines: [] }))
      const first = totalHour(hourStart - 3600, inHour(hourStart - 3600, before), [])
      const { site } = totalHour(hourStart, inHour(hourStart, own), first.open)
      const all = [...before.map((c) => ({ ...c, offset: c.offset - 3600 })), ...own]
      const underWay = (at: number) =>
        all.filter(({ offset, seconds }) => offset <= at && at < offset + Math.max(1, seconds)).length
      const peaks = [0, 1, 2, 3].map((quarter) =>
        Math.max(...Array.from({ length: 900 }, (_, second) => underWay(quarter * 900 + second))),
      )
      expect(site.peaks).toEqual(peaks)
    }),
    { numRuns: propertyRuns(60) },
  )
})

test('counts a call of several hours in the peaks of each hour until it ends', () => {
  let open: OpenCall[] = totalHour(hourStart, [{ call: makeCall(hourStart + 100, 9000), lines: ['ext:60'] }], []).open
  const peaks: number[][] = []
  for (let hour = 1; hour <= 3; hour += 1) {
    const total = totalHour(hourStart + hour * 3600, [], open)
    peaks.push(total.lines.get('ext:60')?.peaks ?? [])
    open = total.open
  }
  expect(peaks).toEqual([[1, 1, 1, 1], [1, 1, 1, 0], []])
  expect(open).toEqual([])
})

test.each([
  ['answered', 1],
  ['no-answer', 2],
  ['cancelled', 2],
  ['busy', 3],
  ['unreachable', 4],
  ['refused', 4],
  ['voicemail', 5],
] as const)('counts a call with the result %s in exactly one figure', (result, at) => {
  const { site } = totalHour(hourStart, [{ call: makeCall(hourStart + 901, 5, result), lines: [] }], [])
  const [quarter, direction, ...counts] = site.counts[0] ?? []
  expect([quarter, direction]).toEqual([1, 0])
  expect(counts.slice(0, 6)).toEqual([1, ...[1, 2, 3, 4, 5].map((i) => (i === at ? 1 : 0))])
})

test.each([
  ['Europe/Paris', '2026-03-29', 23],
  ['Europe/Paris', '2026-10-25', 25],
  ['Europe/Paris', '2026-11-23', 24],
  ['America/New_York', '2026-11-01', 25],
  ['Australia/Lord_Howe', '2026-04-05', 24.5],
  ['Asia/Kolkata', '2026-11-23', 24],
  ['America/Santiago', '2026-09-06', 23],
  ['Pacific/Chatham', '2026-11-23', 24],
])('in %s the day %s has %d hours', (zone, day, hours) => {
  const offsetAt = offsetsOf(zone)
  const [start, end] = [startOfDay(day, offsetAt), startOfDay(nextDay(day), offsetAt)]
  expect((end - start) / 3600).toBe(hours)
  expect(dayKey(start, offsetAt)).toBe(day)
  expect(dayKey(start - 1, offsetAt) < day).toBe(true)
  const keys = new Set(Array.from({ length: hours * 4 }, (_, n) => hourKey(start + n * 900, offsetAt)))
  expect(keys.size).toBe(Math.ceil(hours))
})

test('in a time zone whose offset includes half an hour, hours start at the half hour of UTC', () => {
  const offsetAt = offsetsOf('Asia/Kolkata')
  const at = Date.parse('2026-11-23T19:30:00Z') / 1000
  expect(hourKey(at, offsetAt)).toBe('2026-11-24T01:00+05:30')
  expect(hourKey(at - 1, offsetAt)).toBe('2026-11-24T00:00+05:30')
})

test.each([
  ['2026-01-01', '2026-W01'],
  ['2027-01-01', '2026-W53'],
  ['2026-12-28', '2026-W53'],
  ['2024-12-30', '2025-W01'],
  ['2026-11-23', '2026-W48'],
])('%s belongs to week %s', (day, week) => {
  expect(weekKey(Date.parse(`${day}T12:00:00Z`) / 1000, offsetsOf('UTC'))).toBe(week)
})

test('reads an offset right on both sides of a change that is at no quarter of an hour, as St. John’s had until 2011', () => {
  const offsetAt = offsetsOf('America/St_Johns')
  const change = Date.parse('2011-03-13T03:31:00Z') / 1000
  expect([offsetAt(change - 30), offsetAt(change), offsetAt(change - 30)]).toEqual([-12_600, -9_000, -12_600])
})

test('a call that ends in the second in which another begins is not under way at the same time', () => {
  const calls = [0, 60, 120].map((offset) => ({ call: makeCall(hourStart + offset, 60), lines: ['ext:60'] }))
  const total = totalHour(hourStart, calls, [{ end: hourStart, lines: ['ext:60'] }])
  expect([total.site.peaks, total.lines.get('ext:60')?.peaks]).toEqual([
    [1, 0, 0, 0],
    [1, 0, 0, 0],
  ])
})
