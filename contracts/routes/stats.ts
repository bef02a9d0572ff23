import * as v from 'valibot'
import { Direction } from '../calls.ts'
import { field } from '../field.ts'
import { statsRowExample } from './examples.ts'
import { ifNoneMatch, sitePath } from './parameters.ts'
import type { RouteGroup } from './route.ts'

const count = v.pipe(v.number(), v.integer(), v.minValue(0))

/** Figures of a set of calls. Each call counts as exactly one of answered, abandoned, busy, failed and voicemail. */
export const Figures = v.looseObject({
  calls: field(count, 'All calls.'),
  answered: field(count, 'Calls that a person answered.'),
  abandoned: field(count, 'Calls that neither a person nor voicemail answered.'),
  busy: field(count, 'Calls to a busy phone.'),
  failed: field(count, 'Calls that could not be set up.'),
  voicemail: field(count, 'Calls that voicemail answered.'),
  talkSeconds: field(count, 'Time talked.'),
  ringSeconds: field(count, 'Time rung.'),
  answerSeizureRatio: field(v.number(), 'answered / calls, with three decimals.'),
  averageTalkSeconds: field(v.number(), 'talkSeconds / answered, with one decimal.'),
  averageRingSeconds: field(v.number(), 'ringSeconds / calls, with one decimal.'),
})
export type Figures = v.InferOutput<typeof Figures>

export const StatsBy = v.picklist(
  ['hour', 'day', 'week', 'extension', 'trunk'],
  'Not one of hour, day, week, extension and trunk.',
)
export type StatsBy = v.InferOutput<typeof StatsBy>

export const StatsRow = v.looseObject({
  ...Figures.entries,
  key: field(
    v.string(),
    'What the row counts: `2026-10-25T02:00+02:00`, `2026-10-25`, `2026-W43`, an extension, or the endpoint of a trunk.',
  ),
  maxConcurrent: field(count, 'Most calls in progress at the same second.'),
  directions: field(v.record(Direction, Figures), 'The same figures by direction.'),
})
export type StatsRow = v.InferOutput<typeof StatsRow>

const bound = v.pipe(
  v.string(),
  v.regex(
    /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{1,3})?Z)?$/,
    'Neither a date nor a time in UTC. Examples: 2026-11-23, 2026-11-23T19:00:00Z.',
  ),
)
export const StatsQuery = v.looseObject({
  from: field(bound, "First date in the site's time zone, or a time in UTC; 1990 or later.", '2026-11-01'),
  to: field(bound, 'Last date, which is included, or a time in UTC, which is not; at most tomorrow.', '2026-11-23'),
  by: field(StatsBy, 'What each row counts.', 'day'),
})
export type StatsQuery = v.InferOutput<typeof StatsQuery>

export const Stats = v.looseObject({
  zone: field(v.string(), 'Time zone of the site.'),
  by: StatsBy,
  rows: field(v.array(StatsRow), 'One row an hour, day, week, extension or trunk.'),
  total: field(StatsRow, 'The whole period.'),
})
export type Stats = v.InferOutput<typeof Stats>

export const statsRoutes = {
  'GET /v1/sites/{site}/stats': {
    summary: "Counts calls by hour, day or week in the site's time zone, or by extension or trunk.",
    function: 'stats',
    needs: 'cdrs:read',
    path: sitePath,
    query: StatsQuery,
    headers: ifNoneMatch,
    answers: { 200: Stats, 304: v.undefined() },
    example: {
      answer: {
        zone: 'Europe/Paris',
        by: 'day',
        rows: [statsRowExample],
        total: { ...statsRowExample, key: 'total' },
      },
    },
  },
} as const satisfies RouteGroup
