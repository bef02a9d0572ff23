import * as v from 'valibot'
import { auditOperations } from './operations/audit.ts'
import { bridgeOperations } from './operations/bridges.ts'
import { cdrOperations } from './operations/cdrs.ts'
import { exportOperations } from './operations/exports.ts'
import { extensionOperations } from './operations/extensions.ts'
import { gradeOperations } from './operations/grades.ts'
import { importOperations } from './operations/imports.ts'
import { keyOperations } from './operations/keys.ts'
import { placedCallOperations } from './operations/placed-calls.ts'
import { presenceOperations } from './operations/presence.ts'
import { siteOperations } from './operations/sites.ts'
import { statsOperations } from './operations/stats.ts'
import { verificationOperations } from './operations/verifications.ts'

/**
 * The HTTP API, one entry a route: what goes in, what comes out. Requests are parsed by it, answers are typed by it, and
 * the OpenAPI document is made of it. A route is `METHOD /path/{parameter}`, as API Gateway names it.
 */
export interface Operation {
  /** One sentence, for the document. */
  summary: string
  query?: v.GenericSchema
  body?: v.GenericSchema
  /** Schema of each status that is no problem; `v.undefined()` for one without a body. */
  answers: Readonly<Record<number, v.GenericSchema>>
  /** Media types of an answer that is a text, where it is not JSON. */
  types?: readonly string[]
}

const documentOperations = {
  'GET /v1/openapi.json': {
    summary: 'This document.',
    answers: { 200: v.looseObject({ openapi: v.string(), paths: v.looseObject({}) }) },
  },
  'GET /v1/asyncapi.json': {
    summary: 'The WebSocket, as an AsyncAPI 3.1 document.',
    answers: { 200: v.looseObject({ asyncapi: v.string(), channels: v.looseObject({}) }) },
  },
} as const

export const operations = {
  ...documentOperations,
  ...siteOperations,
  ...keyOperations,
  ...bridgeOperations,
  ...cdrOperations,
  ...exportOperations,
  ...placedCallOperations,
  ...statsOperations,
  ...verificationOperations,
  ...importOperations,
  ...presenceOperations,
  ...extensionOperations,
  ...gradeOperations,
  ...auditOperations,
} as const satisfies Record<`${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} /${string}`, Operation>

export type Operations = typeof operations
export type Route = keyof Operations

export function isRoute(text: string): text is Route {
  return Object.hasOwn(operations, text)
}
