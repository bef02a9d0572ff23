import * as v from 'valibot'
import { Cdr } from '../cdr.ts'

/** Rows of one request: about 350 KB, well within API Gateway's and Lambda's limits. */
export const importRowsMax = 500

/**
 * A CDR of elsewhere. `keyed` is false where the source has no linkedid and sequence: the importer then puts the
 * uniqueid for the one and a hash of the row for the other.
 */
export const ImportRow = v.looseObject({ cdr: Cdr, keyed: v.boolean() })
export type ImportRow = v.InferOutput<typeof ImportRow>

/** Each row is parsed by itself, so that a bad one costs itself alone. */
export const ImportRequest = v.looseObject({
  rows: v.pipe(v.array(v.unknown()), v.minLength(1), v.maxLength(importRowsMax)),
})
export type ImportRequest = v.InferOutput<typeof ImportRequest>

const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const place = { row: count, reason: v.string() }
export const ImportResult = v.looseObject({
  stored: count,
  /** The call log had the same call, live or imported. */
  matched: count,
  /** Counted from 0 within the request: not stored, since the log has a call that may be the same one. */
  doubtful: v.array(v.looseObject(place)),
  refused: v.array(v.looseObject(place)),
})
export type ImportResult = v.InferOutput<typeof ImportResult>

export const importRoutes = {
  'POST /v1/sites/{site}/cdrs/import': {
    function: 'imports',
    needs: 'cdrs:write',
    summary: 'Takes CDRs of elsewhere, up to 500; those the log has already are matched, doubtful ones are listed.',
    body: ImportRequest,
    answers: { 200: ImportResult },
  },
} as const
