import * as v from 'valibot'
import { field } from '../field.ts'
import { Timestamp } from '../names.ts'
import { SearchQuery } from './cdrs.ts'
import { exportExample } from './examples.ts'
import { sitePath, wholeNumber } from './parameters.ts'
import type { RouteGroup } from './route.ts'
import { cursorInvalid } from './route-errors.ts'

/** Rows of one answer of the export route, and of an XLSX file. */
export const exportRowsMax = 5_000

/** Media type of an XLSX file (IANA). */
export const workbookType = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'

/** A search in the call log, and the form of its file. */
export const ExportQuery = v.looseObject({
  ...SearchQuery.entries,
  limit: v.optional(
    field(
      v.pipe(
        wholeNumber,
        v.minValue(1, 'Too small: at least 1.'),
        v.maxValue(exportRowsMax, `Too large: at most ${exportRowsMax}.`),
      ),
      'Rows of one answer, from 1 to 5,000; 5,000 by default.',
      '1000',
    ),
  ),
  format: v.optional(
    field(
      v.picklist(['csv', 'jsonl', 'xlsx'], 'Neither csv, jsonl nor xlsx.'),
      'CSV by default. `xlsx` is a workbook for Excel and LibreOffice, in which numbers are text and times are dates.',
      'xlsx',
    ),
  ),
  preset: v.optional(
    field(
      v.picklist(['full', 'report'], 'Neither full nor report.'),
      "Columns of a file for people: `full` has all 21 fields, `report` has date, caller, called and duration, with headings in the site's language. Times are in the site's zone. Without it, a CSV file has all fields as they are stored, for programs; an XLSX file is `full`.",
      'report',
    ),
  ),
  separator: v.optional(
    field(
      v.picklist(['comma', 'semicolon', 'tab'], 'Neither comma, semicolon nor tab.'),
      "Separator of a CSV file. With a preset, the one of the site's language by default: semicolon in French, comma in English. Otherwise comma.",
      'semicolon',
    ),
  ),
  bom: v.optional(
    field(
      v.picklist(['yes', 'no'], 'Neither yes nor no.'),
      'Whether a CSV file starts with a byte order mark, which Excel needs to read UTF-8; with a preset yes by default, otherwise no.',
      'no',
    ),
  ),
})
export type ExportQuery = v.InferOutput<typeof ExportQuery>

const { cursor: _cursor, limit: _limit, fields: _fields, format: _format, ...search } = ExportQuery.entries

/** An export of any length: a search, and the form of its file. */
export const ExportJobQuery = v.looseObject({
  ...search,
  format: v.optional(
    field(
      v.picklist(
        ['csv', 'jsonl'],
        'Neither csv nor jsonl. GET /v1/sites/{site}/cdrs/export writes an XLSX file of up to 5,000 records.',
      ),
      'CSV by default.',
      'jsonl',
    ),
  ),
})
export type ExportJobQuery = v.InferOutput<typeof ExportJobQuery>

const count = v.pipe(v.number(), v.integer(), v.minValue(0))

export const ExportJob = v.looseObject({
  id: field(v.string(), 'Id of the export.'),
  state: field(
    v.picklist(['running', 'done', 'failed']),
    '`failed` if the export is too large for one file: ask for a shorter period.',
  ),
  rows: field(count, 'Rows written so far.'),
  bytes: field(count, 'Bytes written so far.'),
  askedAt: field(Timestamp, 'When the export was requested.'),
  doneAt: v.optional(field(Timestamp, 'When the file was complete.')),
  link: v.optional(
    field(v.string(), 'Address of the file. It needs no key and is valid for an hour; ask again for another.'),
  ),
  linkUntil: v.optional(field(Timestamp, 'When the link expires.')),
})
export type ExportJob = v.InferOutput<typeof ExportJob>

export const exportRoutes = {
  'GET /v1/sites/{site}/cdrs/export': {
    summary:
      'Exports up to 5,000 call detail records as CSV, JSON lines or an XLSX workbook. The header switchhook-cursor is the cursor of the next part.',
    function: 'exports',
    needs: 'cdrs:read',
    personal: 'cdrs',
    path: sitePath,
    query: ExportQuery,
    answers: { 200: v.union([v.string(), v.instance(Uint8Array)]) },
    types: ['text/csv', 'application/jsonl', workbookType],
    errors: {
      ...cursorInvalid,
      'export-too-large': {
        status: 422,
        when: 'An XLSX file was requested without `limit`, and the search has more records than one file can have: choose a shorter period, or CSV.',
      },
    },
    example: { answer: 'src,dst,duration\n0612345678,60,84\n' },
  },
  'POST /v1/sites/{site}/cdrs/exports': {
    summary: 'Starts an export of any length into one file, which a signed link opens once it is done.',
    function: 'exports',
    needs: 'cdrs:read',
    personal: 'cdrs',
    path: sitePath,
    query: ExportJobQuery,
    answers: { 202: ExportJob },
    errors: {
      'export-limit': { status: 429, when: 'The site has 10 exports under way: try again when one of them is done.' },
    },
    example: { answer: exportExample },
  },
  'GET /v1/sites/{site}/cdrs/exports/{export}': {
    summary:
      'Answers the progress of an export and, once it is done, a signed link to its file that is valid for an hour.',
    function: 'exports',
    needs: 'cdrs:read',
    personal: 'cdrs',
    path: { ...sitePath, export: field(v.string(), 'Id of the export.', exportExample.id) },
    answers: { 200: ExportJob },
    errors: {
      'export-unknown': {
        status: 404,
        when: 'The site has no such export, no longer has it, or it holds numbers that the key may not see.',
      },
    },
    example: { answer: exportExample },
  },
} as const satisfies RouteGroup
