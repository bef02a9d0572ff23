import { routes } from '../contracts/routes.ts'
import { createApi as createApiOf, type HttpClientOptions } from './http-client.ts'

export { ApiError } from './http-client.ts'

/** Returns a typed client of every route, for the package. Within this repository use http-client.ts with the routes you need. */
export function createApi<Site extends string | undefined = undefined>(options: HttpClientOptions<Site>) {
  return createApiOf(options, routes)
}
