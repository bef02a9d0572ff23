import type * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import type { RouteGroup, RouteName } from '../../contracts/routes/route.ts'
import type { Route, Routes } from '../../contracts/routes.ts'
import type { Admin, SiteKey, Unknown } from '../caller.ts'
import type { HttpProblemError } from './problem.ts'

type PathNames<Text> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | PathNames<Rest> : never
type Parsed<R extends Route, Part extends string> =
  Routes[R] extends Record<Part, infer Schema extends v.GenericSchema> ? v.InferOutput<Schema> : undefined

/** The callers that the route lets in. */
export type CallerOf<R extends Route> = Routes[R] extends { needs: 'admin' }
  ? Admin
  : Routes[R] extends { needs: 'anyone' }
    ? Unknown
    : Routes[R] extends { orAdmin: true }
      ? SiteKey | Admin
      : SiteKey

/** An authorized request: its caller has the scope for the site of the path, and its input fits the schemas. */
export interface HttpRequest<R extends Route = Route> {
  route: R
  caller: CallerOf<R>
  /** The site of the path; undefined if the path names none. */
  site: 'site' extends PathNames<R> ? SiteId : undefined
  path: Readonly<Record<PathNames<R>, string>>
  query: Parsed<R, 'query'>
  body: Parsed<R, 'body'>
  /** Header names in lower case. */
  headers: Readonly<Record<string, string | undefined>>
  /** Host of the API by API Gateway's own configuration; the Host header is the caller's. */
  domainName: string
  /** Unix milliseconds. */
  now: number
  /** Rejects with 429 if a rate limit is used up. It has resolved already unless the handler has `readsAhead`. */
  withinRate: Promise<void>
  /**
   * Writes the audit entry early, in parallel with the use case's last writes, for a request that will end with this problem,
   * or succeed if undefined. Rejects with 503 if the entry cannot be written. If the request ends differently, a second entry is
   * written at its end.
   */
  auditNow: (problem: HttpProblemError | undefined, extras: AuditExtras) => Promise<void>
}

/** Replaces parts of the audit entry that caller and path do not determine. */
export interface AuditExtras {
  who?: string
  on?: string
  site?: SiteId
}
interface AnswerExtras {
  headers?: Record<string, string>
  audit?: AuditExtras
}
/** An answer of any route. */
export type AnyAnswer = { status: number; body: unknown } & AnswerExtras

/** A status that the route declares, with the body of that status. */
export type HttpAnswer<R extends Route> = {
  [Status in keyof Routes[R]['answers'] & number]: {
    status: Status
    body: Routes[R]['answers'][Status] extends v.GenericSchema ? v.InferOutput<Routes[R]['answers'][Status]> : never
  } & AnswerExtras
}[keyof Routes[R]['answers'] & number]

/** Returns an answer with its status as a literal type, so that the compiler checks the body of that status. */
export function answer<const Status extends number, Body>(status: Status, body: Body, extras: AnswerExtras = {}) {
  return { status, body, ...extras }
}

/** Names of the functions that serve a group's routes. */
export type FunctionOf<G extends RouteGroup> = G[keyof G & RouteName]['function']

/** The group's routes that are declared for the function. */
export type RoutesOf<G extends RouteGroup, F extends string> = {
  [R in keyof G & Route]: G[R] extends { function: F } ? R : never
}[keyof G & Route]

/** One handler a route. */
export type RouteHandlers<R extends Route> = { [One in R]: (request: HttpRequest<One>) => Promise<HttpAnswer<One>> }
