import * as v from 'valibot'
import type { Call } from '../../../contracts/calls.ts'
import { addCounts, type Counts, countCall, directions, noCounts } from './figures.ts'

const whole = v.pipe(v.number(), v.integer(), v.minValue(0))

/**
 * What an hour's calls come to, by quarter: `counts` holds `[quarter, direction, ...figures]` for each that is not
 * empty, `peaks` the most calls under way at one second of each quarter.
 */
export const Tally = v.looseObject({ counts: v.array(v.array(whole)), peaks: v.array(whole) })
export type Tally = v.InferOutput<typeof Tally>

/** A call of this hour or an earlier one that goes on in the next; `end` in Unix seconds. */
export const OpenCall = v.looseObject({ end: whole, lines: v.array(v.string()) })
export type OpenCall = v.InferOutput<typeof OpenCall>

/** A call with the lines that it counts for: `ext:60`, `trunk:PJSIP/mytrunk`. */
export interface CountedCall {
  call: Call
  lines: readonly string[]
}

export interface HourTotal {
  site: Tally
  lines: Map<string, Tally>
  /** Carried into the next hour, so that its peaks count calls that began before it. */
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

/** Totals of one hour, `hourStart` in Unix seconds, from its calls and those that earlier hours left open. */
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

/** The quarter a call counts in. It belongs to the hour it is filed under, though its first record may begin a second beside. */
function quarterOf(hourStart: number, seconds: number): number {
  return Math.min(quartersPerHour - 1, Math.max(0, Math.floor((seconds - hourStart) / quarterSeconds)))
}

/** A call is under way from the second it starts in to the one it ends in, that one left out, and for one second at least. */
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
    // At one second those that end leave before those that start come.
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
