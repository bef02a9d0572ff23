import * as v from 'valibot'
import { field } from '../field.ts'
import { Grade, Honour, Matricule, Note, Scale } from '../grades.ts'
import { pageRowsMax } from '../limits.ts'

/** Rows of one upload; about 400 KB of CSV. */
export const gradeRowsMax = 10_000
/** A number as Asterisk gives it, or what stands for one that is withheld. */
const caller = v.pipe(v.string('the number of the caller'), v.minLength(1), v.maxLength(80))
export const Pin = v.pipe(v.string('4 to 8 digits'), v.regex(/^\d{4,8}$/, '4 to 8 digits'))

/** An explicit `mention` wins over the scale's. Without `pin` a lookup needs none. */
export const GradeChange = v.looseObject({
  matricule: v.optional(Matricule),
  note: Note,
  mention: v.optional(Honour),
  pin: v.optional(Pin),
})
export type GradeChange = v.InferOutput<typeof GradeChange>

export const GradePage = v.looseObject({ grades: v.array(Grade), cursor: v.optional(v.string()) })
export type GradePage = v.InferOutput<typeof GradePage>

/** What is wrong with a row of an upload. The first row is 1; a CSV's heading is not counted. */
export const RowFault = v.looseObject({ row: v.number(), field: v.string(), message: v.string() })
export type RowFault = v.InferOutput<typeof RowFault>
export const UploadResult = v.looseObject({
  rows: v.number(),
  written: v.number(),
  dryRun: v.boolean(),
  faults: v.array(RowFault),
})
export type UploadResult = v.InferOutput<typeof UploadResult>

/** Rows as JSON, or the text of a CSV file; a row is looked at by itself, so that each fault has its place. */
export const Upload = v.union(
  [
    v.looseObject({ rows: v.pipe(v.array(v.unknown()), v.maxLength(gradeRowsMax, `at most ${gradeRowsMax} rows`)) }),
    v.looseObject({ csv: v.string() }),
  ],
  'rows, or csv',
)
export type Upload = v.InferOutput<typeof Upload>

/** A number that is not there, a wrong PIN and a missing one get the same 404; too many of them 403. */
export const GradeLookup = v.looseObject({
  matricule: Matricule,
  caller,
  pin: v.optional(v.pipe(v.string(), v.maxLength(32))),
})
export type GradeLookup = v.InferOutput<typeof GradeLookup>
export const GradeFound = v.pick(Grade, ['matricule', 'note', 'mention'])
export type GradeFound = v.InferOutput<typeof GradeFound>

const GradeQuery = v.looseObject({
  cursor: v.optional(v.pipe(v.string(), v.maxLength(3000))),
  limit: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,4}$/, 'a whole number'),
      v.transform(Number),
      v.minValue(1),
      v.maxValue(pageRowsMax),
    ),
  ),
})

const ifMatch = v.optional(
  field(v.string(), 'ETag of the mark as it was read; 412 is answered if the mark has changed since.', '"2b7e"'),
)
const putConditions = v.looseObject({
  'if-match': ifMatch,
  'if-none-match': v.optional(
    field(v.literal('*'), 'Writes the mark only if there is none yet; 412 is answered otherwise.', '*'),
  ),
})

export const gradeRoutes = {
  'GET /v1/sites/{site}/grades': {
    function: 'grades',
    needs: 'grades:read',
    personal: 'grades',
    summary: 'A page of marks by student number.',
    query: GradeQuery,
    answers: { 200: GradePage },
  },
  'POST /v1/sites/{site}/grades': {
    function: 'grades',
    needs: 'grades:write',
    summary: 'Many marks at once, as JSON or CSV: all of them, or none where a row is wrong.',
    query: v.looseObject({ dryRun: v.optional(v.picklist(['true', 'false'])) }),
    body: Upload,
    answers: { 200: UploadResult },
  },
  'GET /v1/sites/{site}/grades/{matricule}': {
    function: 'grades',
    needs: 'grades:read',
    personal: 'grades',
    summary: 'One mark, with its ETag.',
    answers: { 200: Grade },
  },
  'PUT /v1/sites/{site}/grades/{matricule}': {
    function: 'grades',
    needs: 'grades:write',
    summary: 'Writes one mark; If-Match or If-None-Match guards against another writer.',
    headers: putConditions,
    body: GradeChange,
    answers: { 200: Grade },
  },
  'DELETE /v1/sites/{site}/grades/{matricule}': {
    function: 'grades',
    needs: 'grades:write',
    summary: 'Deletes one mark.',
    headers: v.looseObject({ 'if-match': ifMatch }),
    answers: { 204: v.undefined() },
  },
  'GET /v1/sites/{site}/grade-scale': {
    function: 'grades',
    needs: 'grades:read',
    summary: 'How marks are read: their top and thresholds.',
    answers: { 200: Scale },
  },
  'PUT /v1/sites/{site}/grade-scale': {
    function: 'grades',
    needs: 'grades:write',
    summary: 'Sets top and thresholds; marks with an honour of their own keep it.',
    body: Scale,
    answers: { 200: Scale },
  },
  'POST /v1/sites/{site}/grade-lookups': {
    function: 'gradeLookups',
    needs: 'grades:lookup',
    reads: true,
    summary: 'One mark, for a caller: counted against guessing.',
    body: GradeLookup,
    answers: { 200: GradeFound },
  },
} as const
