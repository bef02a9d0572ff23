import * as v from 'valibot'
import { pageRowsMax } from '../limits.ts'
import { Timestamp } from '../names.ts'

/** One thing done or refused: who, what, on what, when, from where, with what outcome. */
export const AuditEntry = v.looseObject({
  at: Timestamp,
  id: v.string(),
  /** `key:PREFIX`, `board:ID`, `bridge:KEYID`, `admin`, or the name of a part of the cloud. */
  who: v.string(),
  /** A route, such as `DELETE /v1/sites/{site}/keys/{key}`, or another act by name. */
  what: v.string(),
  /** What it was done to: the path below the site. */
  on: v.string(),
  /** Address of the caller, as API Gateway saw it. */
  from: v.string(),
  /** `done`, or the `errorId` by which it was refused. */
  outcome: v.string(),
  requestId: v.optional(v.string()),
})
export type AuditEntry = v.InferOutput<typeof AuditEntry>

export const AuditPage = v.looseObject({ entries: v.array(AuditEntry), cursor: v.optional(v.string()) })
export type AuditPage = v.InferOutput<typeof AuditPage>

export const AuditQuery = v.looseObject({
  from: v.optional(Timestamp),
  to: v.optional(Timestamp),
  cursor: v.optional(v.string()),
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
export type AuditQuery = v.InferOutput<typeof AuditQuery>

export const auditRoutes = {
  'GET /v1/sites/{site}/audit': {
    function: 'audit',
    needs: 'audit:read',
    orAdmin: true,
    summary: 'Who did what, newest first.',
    query: AuditQuery,
    answers: { 200: AuditPage },
  },
} as const
