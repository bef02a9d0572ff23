import type * as v from 'valibot'
import type { PersonalArea, Scope } from '../scopes.ts'

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
/** `METHOD /path/{parameter}`, as API Gateway writes a route key. */
export type RouteName = `${Method} /v1/${string}`

/** An error that a route can answer, under its `errorId`. */
export interface RouteError {
  status: number
  /** When the route answers it, as one sentence. */
  when: string
}

/**
 * The one declaration of a route of the HTTP API. Handlers, API Gateway's events, the OpenAPI document, the tables in docs/ and
 * the typed client are all made from it or checked against it.
 */
export interface RouteDefinition {
  /** One sentence for the documents. */
  summary: string
  /** The Lambda function that serves the route: its name in serverless.yml, and in kebab case its folder in functions/http/. */
  function: string
  /**
   * A scope that a key of the path's site must hold. `admin`: only the admin key of the deployment. `anyone`: API Gateway
   * asks for no key, and the use case checks the enrolment code, signature or board token in the body.
   */
  needs: Scope | 'admin' | 'anyone'
  /** The admin key of the deployment is accepted too. */
  orAdmin?: true
  /** Answers may hold personal data of this area, so a read by a caller who may see it is written to the audit. */
  personal?: PersonalArea
  /** The route reads personal data although its method is not GET: it answers 503 if the audit entry cannot be written. */
  reads?: true
  /** The body names a number that the PBX would dial: every refusal is written to the audit, malformed requests included. */
  dials?: true
  /** Describes each `{parameter}` of the path. */
  path?: Readonly<Record<string, v.GenericSchema<string>>>
  query?: v.GenericSchema
  /** Request headers besides `authorization`, by their names in lower case. */
  headers?: v.GenericSchema
  body?: v.GenericSchema
  /** Media types of the body; JSON alone if absent. */
  bodyTypes?: readonly string[]
  /** Schema of the body of each status that is not an error; `v.undefined()` for a status without a body. */
  answers: Readonly<Record<number, v.GenericSchema>>
  /** Media types of an answer that is text; JSON if absent. */
  types?: readonly string[]
  /** Errors of the route's own, by `errorId`. Those that its rules imply are added by `errorsOf`. */
  errors?: Readonly<Record<string, RouteError>>
  /** A body as it is sent, where the route takes one, and the answer of the first status in `answers`. */
  example: { body?: unknown; answer?: unknown }
}

/** Routes of one area, declared in one file. */
export type RouteGroup = Readonly<Record<RouteName, RouteDefinition>>

/** Whether requests of the route are written to the audit: each change, and each read of personal data. */
export function isAudited(name: string, { personal }: RouteDefinition): boolean {
  return !name.startsWith('GET ') || personal !== undefined
}
