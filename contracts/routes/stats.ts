import * as v from 'valibot'
import { Direction } from '../calls.ts'
import { ifNoneMatch } from './parameters.ts'

const count = v.pipe(v.number(), v.integer(), v.minValue(0))

/** Figures of a set of calls. Each call is one of answered, abandoned, busy, failed and voicemail. */
export const Figures = v.looseObject({
  calls: count,
  answered: count,
  /** Nobody answered and no voicemail did: the caller gave up or was given up. */
  abandoned: count,
  busy: count,
  failed: count,
  voicemail: count,
  talkSeconds: count,
  ringSeconds: count,
  /** answered / calls, three decimals. */
  answerSeizureRatio: v.number(),
  /** talkSeconds / answered, one decimal. */
  averageTalkSeconds: v.number(),
  /** ringSeconds / calls, one decimal. */
  averageRingSeconds: v.number(),
})
export type Figures = v.InferOutput<typeof Figures>

export const StatsBy = v.picklist(['hour', 'day', 'week', 'extension', 'trunk'])
export type StatsBy = v.InferOutput<typeof StatsBy>

export const StatsRow = v.looseObject({
  ...Figures.entries,
  /** `2026-10-25T02:00+02:00`, `2026-10-25`, `2026-W43`, an extension or a trunk's endpoint. */
  key: v.string(),
  /** Most calls under way at one second. */
  maxConcurrent: count,
  directions: v.record(Direction, Figures),
})
export type StatsRow = v.InferOutput<typeof StatsRow>

const bound = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{1,3})?Z)?$/, 'a date of the site, or RFC 3339 in UTC'),
)
export const StatsQuery = v.looseObject({ from: bound, to: bound, by: StatsBy })
export type StatsQuery = v.InferOutput<typeof StatsQuery>

export const Stats = v.looseObject({ zone: v.string(), by: StatsBy, rows: v.array(StatsRow), total: StatsRow })
export type Stats = v.InferOutput<typeof Stats>

export const statsRoutes = {
  'GET /v1/sites/{site}/stats': {
    function: 'stats',
    needs: 'cdrs:read',
    summary: "Totals of calls by hour, day or week of the site's zone, or by extension or trunk.",
    query: StatsQuery,
    headers: ifNoneMatch,
    answers: { 200: Stats, 304: v.undefined() },
  },
} as const
