import type * as v from 'valibot'
import type { RouteDefinition, RouteGroup, RouteName } from '../contracts/routes/route.ts'

/** A request of any route, as the client sends it. */
export interface AnyRequest {
  path?: Readonly<Record<string, string>>
  query?: Readonly<Record<string, string | number | boolean | undefined>>
  headers?: Readonly<Record<string, string | undefined>>
  body?: unknown
  signal?: AbortSignal | undefined
}

/** An answer of any route. */
export interface Answer<Status extends number = number, Body = unknown> {
  status: Status
  headers: Headers
  body: Body
}

type PathNames<Text> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | PathNames<Rest> : never
type Known<T> = { [K in keyof T as string extends K ? never : number extends K ? never : K]: T[K] }
/** A query value is sent as text, so a number stands for its digits. */
type Sent<T> = { [K in keyof T]: string extends NonNullable<T[K]> ? T[K] | number : T[K] }

type InputOf<D, Part extends string> =
  D extends Record<Part, infer S extends v.GenericSchema> ? v.InferInput<S> : undefined
type QueryOf<D> = D extends { query: infer S extends v.GenericSchema } ? Sent<Known<v.InferInput<S>>> : undefined
type HeadersOf<D> = D extends { headers: infer S extends v.GenericSchema } ? Known<v.InferInput<S>> : undefined

/** A part of a request: absent where the route has none, optional where all of it is. */
type Part<Name extends string, T> = [T] extends [undefined]
  ? { [N in Name]?: undefined }
  : undefined extends T
    ? { [N in Name]?: T | undefined }
    : Record<never, never> extends T
      ? { [N in Name]?: T }
      : { [N in Name]: T }

/** What a request of a route carries. `Filled` are path parameters that the client fills itself. */
export type RequestOf<Name extends RouteName, D extends RouteDefinition, Filled extends string = never> = Part<
  'path',
  [Exclude<PathNames<Name>, Filled>] extends [never]
    ? { readonly [N in PathNames<Name>]?: string }
    : { readonly [N in Exclude<PathNames<Name>, Filled>]: string } & {
        readonly [N in PathNames<Name> & Filled]?: string
      }
> &
  Part<'query', QueryOf<D>> &
  Part<'headers', HeadersOf<D>> &
  Part<'body', InputOf<D, 'body'>> & { signal?: AbortSignal | undefined }

/** The answers that a route declares: statuses with their bodies. */
export type AnswersOf<D extends RouteDefinition> = {
  [Status in keyof D['answers'] & number]: D['answers'][Status] extends v.GenericSchema
    ? Answer<Status, v.InferOutput<D['answers'][Status]>>
    : never
}[keyof D['answers'] & number]

/** The answers to a request without `if-none-match`: a 304 is not among them. */
type UnconditionalAnswersOf<D extends RouteDefinition> = Exclude<AnswersOf<D>, Answer<304, undefined>>

/** Body of the answers that a route gives to an unconditional request. */
export type BodyOf<D extends RouteDefinition> = UnconditionalAnswersOf<D>['body']

type Arguments<Request> = Record<never, never> extends Request ? [request?: Request] : [request: Request]

/** Calls the routes of a group, with the types of each. */
export interface Api<G extends RouteGroup, Filled extends string = never> {
  /** A conditional read: 304, without a body, if the entity still has the ETag. */
  <R extends keyof G & RouteName>(
    route: R,
    request: RequestOf<R, G[R], Filled> & { headers: { 'if-none-match': string } },
  ): Promise<AnswersOf<G[R]>>
  <R extends keyof G & RouteName>(
    route: R,
    ...request: Arguments<RequestOf<R, G[R], Filled>>
  ): Promise<UnconditionalAnswersOf<G[R]>>
}
