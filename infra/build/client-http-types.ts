import type * as v from 'valibot'
import { definitionOf, routeNames } from '../../contracts/routes.ts'
import { typeOf } from './client-types.ts'

const head = `import { ApiError } from './api.js'
export { ApiError }

type Names<Text> = Text extends \`\${string}{\${infer Name}}\${infer Rest}\` ? Name | Names<Rest> : never
type Part<Name extends string, T> = {} extends T ? { [N in Name]?: T } : { [N in Name]: T }
type Path<R extends string, Filled> = { [N in Exclude<Names<R>, Filled>]: string } & { [N in Names<R> & Filled]?: string }

/** What a request of a route carries. \`Filled\` are path parameters that the client fills itself. */
export type RequestOf<R extends keyof Routes, Filled = never> = Part<'path', Path<R, Filled>> &
  Part<'query', Routes[R]['query']> &
  Part<'headers', Routes[R]['headers']> &
  Routes[R]['body'] & { signal?: AbortSignal }

/** The answers of a route: statuses with their bodies. */
export type AnswerOf<R extends keyof Routes> = {
  [S in keyof Routes[R]['answers']]: { status: S; headers: Headers; body: Routes[R]['answers'][S] }
}[keyof Routes[R]['answers']]

type Arguments<T> = {} extends T ? [request?: T] : [request: T]

export interface Api<Filled = never> {
  /** A conditional read: 304, without a body, if the entity still has the ETag. */
  <R extends keyof Routes>(
    route: R,
    request: RequestOf<R, Filled> & { headers: { 'if-none-match': string } },
  ): Promise<AnswerOf<R>>
  /** Rejects with an ApiError. */
  <R extends keyof Routes>(
    route: R,
    ...request: Arguments<RequestOf<R, Filled>>
  ): Promise<Exclude<AnswerOf<R>, { status: 304 }>>
}

export interface HttpClientOptions<Site extends string | undefined = string | undefined> {
  /** Address of the HTTP API without \`/v1\`, for example \`https://api.example.com\`. */
  apiUrl: string
  key?: string | undefined
  /** The site that fills \`{site}\` in every path, so that requests need not name it. */
  site?: Site
  fetch?: typeof fetch | undefined
  /** How long to wait for an answer, in milliseconds; 30,000 by default. */
  timeoutMs?: number | undefined
}

export declare function createApi<Site extends string | undefined = undefined>(
  options: HttpClientOptions<Site>,
): Api<Site extends string ? 'site' : never>
`

/** Returns the declarations of the package's HTTP client. They name no schema library, as users of the package need none. */
export function httpDeclarations(): string {
  const routes = routeNames.map((name) => {
    const { summary, query, headers, body, answers } = definitionOf(name)
    const parts = [
      `query: ${query ? sent(query) : '{}'}`,
      `headers: ${headers ? inputOf(headers) : '{}'}`,
      `body: ${body ? bodyOf(body) : '{ body?: undefined }'}`,
      `answers: { ${Object.entries(answers).map(([status, schema]) => `${status}: ${answerOf(schema)}`)} }`,
    ]
    return `  /** ${summary} */\n  '${name}': { ${parts.join('; ')} }\n`
  })
  return `${head}\nexport interface Routes {\n${routes.join('')}}\n`
}

/** Loose schemas accept other fields too, which a typed request must not have: a wrong name is a mistake. */
function inputOf(schema: v.GenericSchema): string {
  return typeOf(schema, 'input').replaceAll('; [field: string]: unknown', '')
}

/** A query value is sent as text, so a number stands for its digits. */
function sent(schema: v.GenericSchema): string {
  return inputOf(schema).replaceAll(': string', ': string | number')
}

function bodyOf(schema: v.GenericSchema): string {
  return `{ body${schema.type === 'optional' ? '?' : ''}: ${inputOf(schema)} }`
}

function answerOf(schema: v.GenericSchema): string {
  return schema.type === 'undefined' ? 'undefined' : typeOf(schema)
}
