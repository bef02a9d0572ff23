import * as v from 'valibot'
import { field } from '../field.ts'
import { Grade, Honour, Matricule, Note, Scale, usualScale } from '../grades.ts'
import { maxCodePoints } from '../text.ts'
import { gradeExample } from './examples.ts'
import { cursor, ifNoneMatch, pageLimit, sitePath } from './parameters.ts'
import type { RouteGroup } from './route.ts'
import { cursorInvalid } from './route-errors.ts'

/** Rows of one upload; about 400 KB of CSV. */
export const gradeRowsMax = 10_000
/** A number as Asterisk reports it, or the text that stands for a withheld number. */
const caller = v.pipe(
  v.string('Not the number of the caller. Example: 0612345678.'),
  v.minLength(1, 'Empty. Example: 0612345678.'),
  maxCodePoints(80, 'Too long: at most 80 characters.'),
)
const pinSentence = 'Not a PIN of 4 to 8 digits. Example: 4821.'
export const Pin = v.pipe(v.string(pinSentence), v.regex(/^\d{4,8}$/, pinSentence))

export const GradeChange = v.looseObject({
  matricule: v.optional(field(Matricule, 'The student number of the path, or absent.', gradeExample.matricule)),
  note: field(Note, 'The mark, with at most two decimals.', gradeExample.note),
  mention: v.optional(field(Honour, "The honour; the scale's for this mark by default.", 'bien')),
  pin: v.optional(field(Pin, 'PIN that a lookup must give, 4 to 8 digits; a lookup needs none by default.', '4821')),
})
export type GradeChange = v.InferOutput<typeof GradeChange>

export const GradePage = v.looseObject({
  grades: field(v.array(Grade), 'Marks by student number.'),
  cursor: v.optional(field(v.string(), 'Cursor of the next page; absent on the last one.')),
})
export type GradePage = v.InferOutput<typeof GradePage>

export const RowFault = v.looseObject({
  row: field(v.number(), 'Number of the row. The first is 1; the heading of a CSV file is not counted.'),
  field: v.string(),
  message: v.string(),
})
export type RowFault = v.InferOutput<typeof RowFault>
export const UploadResult = v.looseObject({
  rows: field(v.number(), 'Rows of the upload.'),
  written: field(v.number(), 'Rows that were written.'),
  dryRun: v.boolean(),
  faults: field(v.array(RowFault), 'What is wrong with each faulty row.'),
})
export type UploadResult = v.InferOutput<typeof UploadResult>

/** The use case parses each row by itself, so that each fault names its row. */
export const Upload = v.union(
  [
    v.looseObject({
      rows: field(
        v.pipe(v.array(v.unknown()), v.maxLength(gradeRowsMax, `Too many rows: at most ${gradeRowsMax}.`)),
        'Rows with matricule, note and, optionally, mention and pin.',
        [{ matricule: '100', note: 14.5 }],
      ),
    }),
    v.looseObject({
      csv: field(
        v.string(),
        'Text of a CSV file; it can also be the body itself with the content type text/csv.',
        'matricule,note\n100,14.5\n',
      ),
    }),
  ],
  'Neither rows nor csv. Example: {"rows": [{"matricule": "100", "note": 14.5}]}.',
)
export type Upload = v.InferOutput<typeof Upload>

export const GradeLookup = v.looseObject({
  matricule: field(Matricule, 'Student number, 3 to 12 digits.', gradeExample.matricule),
  caller: field(caller, 'Number of the person who calls: failed lookups are counted by it.', '0612345678'),
  pin: v.optional(
    field(v.pipe(v.string(), maxCodePoints(32, 'Too long: at most 32 characters.')), 'PIN as dialled.', '4821'),
  ),
})
export type GradeLookup = v.InferOutput<typeof GradeLookup>
export const GradeFound = v.pick(Grade, ['matricule', 'note', 'mention'])
export type GradeFound = v.InferOutput<typeof GradeFound>

const GradeQuery = v.looseObject({ cursor: v.optional(cursor), limit: v.optional(pageLimit) })
const UploadQuery = v.looseObject({
  dryRun: v.optional(
    field(v.picklist(['true', 'false'], 'Neither true nor false.'), '`true` checks the rows and writes none.', 'true'),
  ),
})

const conditions = v.looseObject({
  'if-match': v.optional(
    field(
      v.string(),
      'ETags of the mark as it was read, or `*` for any mark; 412 is answered if the student has none of them.',
      '"2b7e"',
    ),
  ),
  'if-none-match': v.optional(
    field(
      v.string(),
      '`*` or ETags; 412 is answered if the student has a mark, or one of these. `*` writes only the first mark.',
      '*',
    ),
  ),
})

const gradePath = { ...sitePath, matricule: field(v.string(), 'Student number.', gradeExample.matricule) }
const gradeUnknown = { 'grade-unknown': { status: 404, when: 'The site has no mark of this student.' } }
const gradeChanged = {
  'grade-changed': { status: 412, when: 'The mark does not fulfil the condition: read it again.' },
}

export const gradeRoutes = {
  'GET /v1/sites/{site}/grades': {
    summary: 'Lists marks by student number.',
    function: 'grades',
    needs: 'grades:read',
    personal: 'grades',
    path: sitePath,
    query: GradeQuery,
    answers: { 200: GradePage },
    errors: cursorInvalid,
    example: { answer: { grades: [gradeExample] } },
  },
  'POST /v1/sites/{site}/grades': {
    summary: 'Writes up to 10,000 marks from JSON or CSV. If one row is wrong, no row is written.',
    function: 'grades',
    needs: 'grades:write',
    path: sitePath,
    query: UploadQuery,
    body: Upload,
    bodyTypes: ['application/json', 'text/csv'],
    answers: { 200: UploadResult },
    errors: { 'rows-invalid': { status: 422, when: 'Rows are wrong; `errors` names each, and none was written.' } },
    example: {
      body: { rows: [{ matricule: '100', note: 14.5 }] },
      answer: { rows: 1, written: 1, dryRun: false, faults: [] },
    },
  },
  'GET /v1/sites/{site}/grades/{matricule}': {
    summary: 'Answers one mark with its ETag.',
    function: 'grades',
    needs: 'grades:read',
    personal: 'grades',
    path: gradePath,
    headers: ifNoneMatch,
    answers: { 200: Grade, 304: v.undefined() },
    errors: { ...gradeUnknown },
    example: { answer: gradeExample },
  },
  'PUT /v1/sites/{site}/grades/{matricule}': {
    summary: "Writes one mark; If-Match or If-None-Match guards against another writer's change.",
    function: 'grades',
    needs: 'grades:write',
    path: gradePath,
    headers: conditions,
    body: GradeChange,
    answers: { 200: Grade },
    errors: gradeChanged,
    example: { body: { note: 14.5 }, answer: gradeExample },
  },
  'DELETE /v1/sites/{site}/grades/{matricule}': {
    summary: 'Deletes one mark.',
    function: 'grades',
    needs: 'grades:write',
    path: gradePath,
    headers: conditions,
    answers: { 204: v.undefined() },
    errors: { ...gradeUnknown, ...gradeChanged },
    example: {},
  },
  'GET /v1/sites/{site}/grade-scale': {
    summary: 'Answers the scale of the marks: maximum, honours, and the hours of lookups.',
    function: 'grades',
    needs: 'grades:read',
    path: sitePath,
    answers: { 200: Scale },
    example: { answer: usualScale },
  },
  'PUT /v1/sites/{site}/grade-scale': {
    summary: 'Sets the scale of the marks. Marks with an explicit honour keep it.',
    function: 'grades',
    needs: 'grades:write',
    path: sitePath,
    body: Scale,
    answers: { 200: Scale },
    example: { body: usualScale, answer: usualScale },
  },
  'POST /v1/sites/{site}/grade-lookups': {
    summary: 'Looks one mark up for a caller, and counts failures by caller and student against guessing.',
    function: 'gradeLookups',
    needs: 'grades:lookup',
    reads: true,
    path: sitePath,
    body: GradeLookup,
    answers: { 200: GradeFound },
    errors: {
      'grade-unknown': { status: 404, when: 'There is no such mark, or the PIN is wrong or missing.' },
      'lookup-closed': { status: 403, when: 'Marks are not looked up at this hour.' },
      'lookup-cap': { status: 403, when: 'Too many lookups of the site failed in an hour: try again later.' },
      'lookup-locked': { status: 403, when: 'Too many lookups of this caller or student failed: try again later.' },
    },
    example: {
      body: { matricule: '100', caller: '0612345678', pin: '4821' },
      answer: { matricule: '100', note: 14.5, mention: 'bien' },
    },
  },
} as const satisfies RouteGroup
