import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fileCdr, isFileable, monthsBack } from '../../functions/domain/filing.ts'

const cdr = (over: Partial<Parameters<typeof fileCdr>[0]> = {}) => ({
  linkedid: 'pbx1-1795460594.3',
  uniqueid: 'pbx1-1795460594.3',
  sequence: 2,
  start: '2026-11-23T19:03:14+0000',
  ...over,
})

test('files a leg under the start of its call, which is in the linkedid', () => {
  const first = fileCdr(cdr())
  const later = fileCdr(cdr({ uniqueid: 'pbx1-1795460700.9', sequence: 7, start: '2026-11-23T19:05:00+0000' }))
  expect(first.row).toBe('2026-11-23T19:03:14Z#pbx1-1795460594.3#pbx1-1795460594.3#0000000002')
  expect(later.filed).toBe(first.filed)
  expect(later.needsAlias).toBe(false)
})

test('files all legs of a call in the month in which the call began', () => {
  const seconds = Date.UTC(2026, 10, 30, 23, 59, 30) / 1000
  const legs = cdr({ linkedid: `pbx1-${seconds}.1`, start: '2026-12-01T00:00:10+0000' })
  expect(fileCdr(legs).month).toBe('2026-11')
})

test('files a leg under its time in UTC, whatever the time zone of the PBX', () => {
  const paris = fileCdr(cdr({ linkedid: 'foreign', start: '2026-11-23T20:03:14+0100' }))
  expect(paris.filed).toBe('2026-11-23T19:03:14Z')
})

test.each([
  ['has no time', 'sip-call-17'],
  ['is over six hours older than the leg', `pbx1-${1795460594 - 6 * 3600 - 2}.3`],
  ['is younger than the leg', `pbx1-${1795460594 + 60}.3`],
])('files a leg under its own start, with an alias, if the linkedid %s', (_, linkedid) => {
  const filing = fileCdr(cdr({ linkedid }))
  expect(filing).toMatchObject({ filed: '2026-11-23T19:03:14Z', needsAlias: true })
})

test('reads the start time in the id of a call that was placed through the API, sh-<seconds>.<digits>', () => {
  expect(fileCdr(cdr({ linkedid: 'sh-1795460590.1234567890' })).filed).toBe('2026-11-23T19:03:10Z')
})

test('lists months backwards without a gap or a repetition', () => {
  expect(monthsBack('2025-11-30T00:00:00Z', '2026-02-01T00:00:00Z')).toEqual([
    '2026-02',
    '2026-01',
    '2025-12',
    '2025-11',
  ])
  const ms = fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2060, 0) })
  fc.assert(
    fc.property(ms, fc.integer({ min: 0, max: 1830 * 86_400_000 }), (from, length) => {
      const months = monthsBack(new Date(from).toISOString(), new Date(from + length).toISOString())
      expect(new Set(months).size).toBe(months.length)
      expect([...months].sort().reverse()).toEqual(months)
      expect(months.at(-1)).toBe(new Date(from).toISOString().slice(0, 7))
    }),
  )
})

test.each([
  ['2026-11-01T00:00:00Z', '2026-10-31T23:59:59Z'],
  ['2026-11-01T00:00:00Z', '0000-01-01T00:00:00Z'],
])('lists no months from %s to %s, which is earlier', (from, to) => {
  expect(monthsBack(from, to)).toEqual([])
})

test('refuses to list the months of a period that no search has', () => {
  expect(() => monthsBack('1000-01', '9999-12')).toThrow(RangeError)
  expect(() => monthsBack('not a date', '2026-11')).toThrow(RangeError)
  expect(monthsBack('0000-01', '0000-03')).toEqual(['0000-03', '0000-02', '0000-01'])
})

test('files no CDR before 1970 or after the year 9998, since their keys would not sort by time', () => {
  const starts = [
    '0000-01-01T00:00:00+0100',
    '1969-12-31T23:59:59+0000',
    '9999-06-01T00:00:00+0000',
    '2026-02-31T25:00:00+0000',
  ]
  expect(starts.filter((start) => isFileable({ start }))).toEqual([])
  expect(['1970-01-01T00:00:00+0000', '2099-01-01T00:00:00-0500'].every((start) => isFileable({ start }))).toBe(true)
})
