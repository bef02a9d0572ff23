import type { CdrPage, EndpointList } from '../contracts/http.ts'
import type { CallPage } from '../contracts/routes/calls.ts'
import { type ApiOptions, type Asking, ask } from './api.ts'
import { isObject } from './guards.ts'

export type { CdrPage, EndpointList } from '../contracts/http.ts'
export type { CallPage } from '../contracts/routes/calls.ts'
export { ApiError, type ApiOptions } from './api.ts'

export interface CallLogReader {
  /** One page, newest first; the `cursor` of a page asks for the one before it in time. */
  listCdrs(query?: { limit?: number; cursor?: string }): Promise<CdrPage>
  /** One page of calls of the archive; the `cursor` of a page asks for the next one of the same search. */
  listCalls(query?: Readonly<Record<string, string>>): Promise<CallPage>
  listEndpoints(): Promise<EndpointList>
}

/** Reads what is stored, page by page; for those who do not need it, it is not part of the live client. */
export function callLog(options: ApiOptions & Asking): CallLogReader {
  return {
    listCdrs(query = {}) {
      const search = new URLSearchParams()
      if (query.limit !== undefined) search.set('limit', String(query.limit))
      if (query.cursor !== undefined) search.set('cursor', query.cursor)
      return ask(options, 'GET', `cdrs?${search}`, isCdrPage)
    },
    listCalls: (query = {}) => ask(options, 'GET', `calls?${new URLSearchParams(query)}`, isCallPage),
    listEndpoints: () => ask(options, 'GET', 'endpoints', isEndpointList),
  }
}

function isCdrPage(value: unknown): value is CdrPage {
  return isObject(value) && Array.isArray(value['cdrs'])
}

function isCallPage(value: unknown): value is CallPage {
  return isObject(value) && Array.isArray(value['calls'])
}

function isEndpointList(value: unknown): value is EndpointList {
  return isObject(value) && Array.isArray(value['endpoints'])
}
