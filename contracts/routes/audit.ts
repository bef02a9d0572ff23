import * as v from 'valibot'
import { field } from '../field.ts'
import { Timestamp } from '../names.ts'
import { timeExample } from './examples.ts'
import { cursor, pageLimit, sitePath } from './parameters.ts'
import type { RouteGroup } from './route.ts'
import { cursorInvalid } from './route-errors.ts'

/** One act that was done or refused. */
export const AuditEntry = v.looseObject({
  at: field(Timestamp, 'When it happened.'),
  id: field(v.string(), 'Id of the entry.'),
  who: field(v.string(), '`key:PREFIX`, `board:ID`, `bridge:KEYID`, `admin`, or the name of a part of the cloud.'),
  what: field(v.string(), 'A route, such as `DELETE /v1/sites/{site}/keys/{key}`, or the name of another act.'),
  on: field(v.string(), 'What it was done to: the path below the site.'),
  from: field(v.string(), 'IP address of the caller, as API Gateway saw it.'),
  outcome: field(v.string(), '`done`, or the `errorId` of the refusal.'),
  requestId: v.optional(field(v.string(), "API Gateway's id of the request.")),
})
export type AuditEntry = v.InferOutput<typeof AuditEntry>

export const AuditPage = v.looseObject({
  entries: field(v.array(AuditEntry), 'Entries, newest first.'),
  cursor: v.optional(field(v.string(), 'Cursor of the next page; absent on the last one.')),
})
export type AuditPage = v.InferOutput<typeof AuditPage>

export const AuditQuery = v.looseObject({
  from: v.optional(
    field(Timestamp, 'Start of the period, 1990 or later; 31 days before `to` by default.', '2026-11-01T00:00:00Z'),
  ),
  to: v.optional(
    field(Timestamp, 'End of the period, at most tomorrow and 400 days after `from`; now by default.', timeExample),
  ),
  cursor: v.optional(cursor),
  limit: v.optional(pageLimit),
})
export type AuditQuery = v.InferOutput<typeof AuditQuery>

export const auditRoutes = {
  'GET /v1/sites/{site}/audit': {
    summary: 'Lists who did what, newest first.',
    function: 'audit',
    needs: 'audit:read',
    orAdmin: true,
    path: sitePath,
    query: AuditQuery,
    answers: { 200: AuditPage },
    errors: cursorInvalid,
    example: {
      answer: {
        entries: [
          {
            at: timeExample,
            id: '01J9',
            who: 'key:Zk3f9a8c',
            what: 'DELETE /v1/sites/{site}/keys/{key}',
            on: 'keys/Ab12',
            from: '192.0.2.10',
            outcome: 'done',
          },
        ],
      },
    },
  },
} as const satisfies RouteGroup
