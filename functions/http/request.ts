import type * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import type { RouteGroup, RouteName } from '../../contracts/routes/route.ts'
import type { Route, Routes } from '../../contracts/routes.ts'
import type { Admin, SiteKey, Unknown } from '../caller.ts'
import type { HttpProblemError } from './problem.ts'

type PathNames<Text> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | PathNames<Rest> : never
type Parsed<R extends Route, Part extends string> =
  Routes[R] extends Record<Part, infer Schema extends v.GenericSchema> ? v.InferOutput<Schema> : undefined

/** Who can stand behind a request on this route, as its rule has it. */
export type CallerOf<R extends Route> = Routes[R] extends { needs: 'admin' }
  ? Admin
  : Routes[R] extends { needs: 'anyone' }
    ? Unknown
    : Routes[R] extends { orAdmin: true }
      ? SiteKey | Admin
      : SiteKey

/** A request that was let in: its caller has the scope, for the site of the path, and its input fits the contract. */
export interface HttpRequest<R extends Route = Route> {
  route: R
  caller: CallerOf<R>
  /** Of the path; absent where the path names none. */
  site: 'site' extends PathNames<R> ? SiteId : undefined
  path: Readonly<Record<PathNames<R>, string>>
  query: Parsed<R, 'query'>
  body: Parsed<R, 'body'>
  /** Header names in lower case. */
  headers: Readonly<Record<string, string | undefined>>
  /** Unix milliseconds. */
  now: number
  /** Rejects with the 429 that refuses it; has resolved already, unless the function reads ahead. */
  withinRate: Promise<void>
  /**
   * Writes the audit entry already, beside the use case's own last writes, for a request that will end with this problem or
   * with none. Rejects with the 503 that is its answer if the entry cannot be written. A request that ends otherwise after all
   * gets another entry.
   */
  auditNow: (problem: HttpProblemError | undefined, extras: AuditExtras) => Promise<void>
}

/** Completes the audit entry where path and caller alone do not say who did what to what. */
export interface AuditExtras {
  who?: string
  on?: string
  site?: SiteId
}
interface AnswerExtras {
  headers?: Record<string, string>
  audit?: AuditExtras
}
/** The answer of any route. */
export type AnyAnswer = { status: number; body: unknown } & AnswerExtras

/** A status of the route's contract, with the body that belongs to it. */
export type HttpAnswer<R extends Route> = {
  [Status in keyof Routes[R]['answers'] & number]: {
    status: Status
    body: Routes[R]['answers'][Status] extends v.GenericSchema ? v.InferOutput<Routes[R]['answers'][Status]> : never
  } & AnswerExtras
}[keyof Routes[R]['answers'] & number]

/** Keeps the status a literal, by which the contract knows the body that belongs to it. */
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
