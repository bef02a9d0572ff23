import * as v from 'valibot'
import { Timestamp } from '../names.ts'
import { SearchQuery, wholeNumber } from './cdrs.ts'

/** An export: a search, and how it is written. `limit` is of the rows in one answer. */
export const ExportQuery = v.looseObject({
  ...SearchQuery.entries,
  limit: v.optional(v.pipe(wholeNumber, v.minValue(1), v.maxValue(5_000))),
  format: v.optional(v.picklist(['csv', 'jsonl'])),
  /** `report`: date, appelant, appelé, durée. */
  preset: v.optional(v.picklist(['full', 'report'])),
  bom: v.optional(v.picklist(['yes', 'no'])),
})
export type ExportQuery = v.InferOutput<typeof ExportQuery>

const { cursor: _cursor, limit: _limit, fields: _fields, ...search } = ExportQuery.entries

/** An export of any length: a search, and how it is written. */
export const ExportJobQuery = v.looseObject(search)
export type ExportJobQuery = v.InferOutput<typeof ExportJobQuery>

const count = v.pipe(v.number(), v.integer(), v.minValue(0))

export const ExportJob = v.looseObject({
  id: v.string(),
  /** `failed` is of an export that is too large for one file; narrow its period. */
  state: v.picklist(['running', 'done', 'failed']),
  /** Written so far. */
  rows: count,
  bytes: count,
  askedAt: Timestamp,
  doneAt: v.optional(Timestamp),
  /** Of the whole file, once it is done: opens without a key, and for an hour. Ask again for another. */
  link: v.optional(v.string()),
  linkUntil: v.optional(Timestamp),
})
export type ExportJob = v.InferOutput<typeof ExportJob>

export const exportRoutes = {
  'GET /v1/sites/{site}/cdrs/export': {
    function: 'exports',
    needs: 'cdrs:read',
    personal: 'cdrs',
    summary:
      'Up to 5,000 call detail records as CSV or JSON lines; the header switchhook-cursor says where the next part begins.',
    query: ExportQuery,
    answers: { 200: v.string() },
    types: ['text/csv', 'application/jsonl'],
  },
  'POST /v1/sites/{site}/cdrs/exports': {
    function: 'exports',
    needs: 'cdrs:read',
    personal: 'cdrs',
    summary: 'Begins an export of any length, as one file that is fetched by a signed link once it is done.',
    query: ExportJobQuery,
    answers: { 202: ExportJob },
  },
  'GET /v1/sites/{site}/cdrs/exports/{export}': {
    function: 'exports',
    needs: 'cdrs:read',
    personal: 'cdrs',
    summary: 'How far an export is; with a signed link, good for an hour, once it is done.',
    answers: { 200: ExportJob },
  },
} as const
