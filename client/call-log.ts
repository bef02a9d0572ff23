import { CdrPage, type EndpointList } from '../contracts/http.ts'
import { CallPage, callRoutes } from '../contracts/routes/calls.ts'
import { cdrRoutes } from '../contracts/routes/cdrs.ts'
import { endpointRoutes } from '../contracts/routes/endpoints.ts'
import type { ApiOptions } from './api.ts'
import { createApi } from './http-client.ts'

export type { CdrPage, EndpointList } from '../contracts/http.ts'
export type { CallPage } from '../contracts/routes/calls.ts'
export { ApiError, type ApiOptions } from './api.ts'

/** Reads what the cloud has stored. Each method rejects with an `ApiError`. */
export interface CallLogReader {
  /** Returns one page of call detail records, newest first; its `cursor` asks for the next, older page. */
  listCdrs(query?: { limit?: number; cursor?: string }): Promise<CdrPage>
  /** Returns one page of a search for calls; its `cursor` asks for the next page of the same search. */
  listCalls(query?: Readonly<Record<string, string>>): Promise<CallPage>
  listEndpoints(): Promise<EndpointList>
}

const listCdrs = 'GET /v1/sites/{site}/cdrs'
const listCalls = 'GET /v1/sites/{site}/calls'
/** The API can answer some fields of each row only. This reader asks for all of them, so it expects whole rows. */
const routes = {
  [listCdrs]: { ...cdrRoutes[listCdrs], answers: { 200: CdrPage } },
  [listCalls]: { ...callRoutes[listCalls], answers: { 200: CallPage } },
  ...endpointRoutes,
} as const

export function callLog(options: ApiOptions): CallLogReader {
  const api = createApi(options, routes)
  return {
    listCdrs: async (query = {}) => (await api(listCdrs, { query })).body,
    listCalls: async (query = {}) => (await api(listCalls, { query })).body,
    listEndpoints: async () => (await api('GET /v1/sites/{site}/endpoints')).body,
  }
}
