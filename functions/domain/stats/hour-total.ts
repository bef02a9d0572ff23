import * as v from 'valibot'
import type { Call } from '../../../contracts/calls.ts'
import { addCounts, type Counts, countCall, directions, noCounts } from './figures.ts'

const whole = v.pipe(v.number(), v.integer(), v.minValue(0))

/**
 * Totals of an hour by quarter. `counts` has `[quarter, direction, ...counts]` for each combination with calls; `peaks` has
 * the highest number of simultaneous calls in each quarter.
 */
export const Tally = v.looseObject({ counts: v.array(v.array(whole)), peaks: v.array(whole) })
export type Tally = v.InferOutput<typeof Tally>

/** A call that continues into the next hour; `end` is in Unix seconds. */
export const OpenCall = v.looseObject({ end: whole, lines: v.array(v.string()) })
export type OpenCall = v.InferOutput<typeof OpenCall>

/** A call with the lines whose totals it counts in: `ext:60`, `trunk:PJSIP/mytrunk`. */
export interface CountedCall {
  call: Call
  lines: readonly string[]
}

export interface HourTotal {
  site: Tally
  lines: Map<string, Tally>
  /** Calls that continue into the next hour, whose peaks count them. */
  open: OpenCall[]
}

export const quarterSeconds = 900
export const quartersPerHour = 4
const hourSeconds = quarterSeconds * quartersPerHour

interface Interval {
  start: number
  end: number
  lines: readonly string[]
}

/** Computes the totals of an hour (`hourStart` in Unix seconds) from its calls and those that continue from earlier hours. */
export function totalHour(hourStart: number, calls: readonly CountedCall[], carried: readonly OpenCall[]): HourTotal {
  const hourEnd = hourStart + hourSeconds
  const own = calls.map(({ call, lines }) => ({ ...intervalOf(call), lines }))
  const earlier = carried
    .filter(({ end }) => end > hourStart)
    .map(({ end, lines }) => ({ start: hourStart, end, lines }))
  const intervals: Interval[] = [...earlier, ...own]
  const names = new Set(intervals.flatMap(({ lines }) => lines))
  const open = intervals.filter(({ end }) => end > hourEnd).map(({ end, lines }) => ({ end, lines: [...lines] }))
  return {
    site: tally(hourStart, calls, intervals),
    lines: new Map([...names].sort().map((name) => [name, tallyLine(hourStart, name, calls, intervals)])),
    open: open.sort((a, b) => a.end - b.end),
  }
}

function tallyLine(
  hourStart: number,
  name: string,
  calls: readonly CountedCall[],
  intervals: readonly Interval[],
): Tally {
  const isOf = ({ lines }: { lines: readonly string[] }) => lines.includes(name)
  return tally(hourStart, calls.filter(isOf), intervals.filter(isOf))
}

function tally(hourStart: number, calls: readonly CountedCall[], intervals: readonly Interval[]): Tally {
  const counts = new Map<string, Counts>()
  for (const { call } of calls) {
    const key = `${quarterOf(hourStart, secondsOf(call.startedAt))} ${directions.indexOf(call.direction ?? 'internal')}`
    const sum = counts.get(key) ?? noCounts()
    addCounts(sum, countCall(call))
    counts.set(key, sum)
  }
  const rows = [...counts].map(([key, sum]) => [...key.split(' ').map(Number), ...sum])
  return {
    counts: rows.sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0) || (a[1] ?? 0) - (b[1] ?? 0)),
    peaks: peaksOf(hourStart, intervals),
  }
}

/** Returns the quarter in which a call counts. The first record may start a second outside the hour under which it is filed. */
function quarterOf(hourStart: number, seconds: number): number {
  return Math.min(quartersPerHour - 1, Math.max(0, Math.floor((seconds - hourStart) / quarterSeconds)))
}

/** Returns the seconds of a call: from its start (included) to its end (excluded), at least one second. */
function intervalOf(call: Call): { start: number; end: number } {
  const start = secondsOf(call.startedAt)
  return { start, end: Math.max(start + 1, secondsOf(call.endedAt ?? call.startedAt)) }
}

function peaksOf(hourStart: number, intervals: readonly Interval[]): number[] {
  return Array.from({ length: quartersPerHour }, (_, quarter) => {
    const from = hourStart + quarter * quarterSeconds
    const to = from + quarterSeconds
    const within = intervals.filter(({ start, end }) => start < to && end > from)
    const steps = within.flatMap(({ start, end }) => [
      { at: Math.max(start, from), by: 1 },
      { at: end, by: -1 },
    ])
    // In the same second, calls that end are subtracted before calls that start are added.
    steps.sort((a, b) => a.at - b.at || a.by - b.by)
    let underWay = 0
    let most = 0
    for (const { by } of steps) {
      underWay += by
      most = Math.max(most, underWay)
    }
    return most
  })
}

function secondsOf(time: string): number {
  return Date.parse(time) / 1000
}
