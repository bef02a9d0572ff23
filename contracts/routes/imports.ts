import * as v from 'valibot'
import { Cdr } from '../cdr.ts'
import { field } from '../field.ts'
import { cdrExample } from './examples.ts'
import { sitePath } from './parameters.ts'
import type { RouteGroup } from './route.ts'

/** Rows of one request: about 350 KB, within the limits of API Gateway and Lambda. */
export const importRowsMax = 500

/**
 * A CDR from another database. `keyed` is false if the source has no linkedid and sequence: the importer then fills them with
 * the uniqueid and a hash of the row.
 */
export const ImportRow = v.looseObject({ cdr: Cdr, keyed: v.boolean() })
export type ImportRow = v.InferOutput<typeof ImportRow>

/** The use case parses each row by itself, so that a bad row is refused alone. */
export const ImportRequest = v.looseObject({
  import: v.optional(
    field(
      v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{8,40}$/, 'Not 8 to 40 letters, digits, - or _. Example: 3f9a8c1e.')),
      'Id of the import, the same for all its requests and new for each import: its rows are matched against those that the call log had before it.',
      '3f9a8c1e',
    ),
  ),
  rows: field(
    v.pipe(
      v.array(v.unknown()),
      v.minLength(1, 'Empty: at least one row.'),
      v.maxLength(importRowsMax, `Too many rows: at most ${importRowsMax}.`),
    ),
    'Rows `{ cdr, keyed }`. `keyed` is false if the source had no linkedid and sequence and they were filled in.',
    [{ cdr: cdrExample, keyed: true }],
  ),
})
export type ImportRequest = v.InferOutput<typeof ImportRequest>

const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const rows = v.array(v.looseObject({ row: field(count, 'Its place in the request, from 0.'), reason: v.string() }))
export const ImportResult = v.looseObject({
  stored: field(count, 'New rows in the call log.'),
  matched: field(count, 'Rows that the call log had already, live or imported.'),
  doubtful: field(rows, 'Rows that were not stored because the call log has a call that may be the same.'),
  refused: field(rows, 'Rows that are malformed or older than the retention of the site.'),
})
export type ImportResult = v.InferOutput<typeof ImportResult>

export const importRoutes = {
  'POST /v1/sites/{site}/cdrs/import': {
    summary:
      'Imports up to 500 CDRs from another database; rows that the call log has are matched, doubtful ones listed.',
    function: 'imports',
    needs: 'cdrs:write',
    path: sitePath,
    body: ImportRequest,
    answers: { 200: ImportResult },
    example: {
      body: { rows: [{ cdr: cdrExample, keyed: true }] },
      answer: { stored: 1, matched: 0, doubtful: [], refused: [] },
    },
  },
} as const satisfies RouteGroup
