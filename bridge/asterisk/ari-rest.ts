import { errorCode } from '../failure.ts'
import type { AriRequests } from './ari-connection.ts'
import { AriRefusedError, AriUnreachableError } from './ari-errors.ts'

/** Asterisk answers within milliseconds or hangs; a resynchronisation must not wait longer. */
const requestMsMax = 5000

export interface AriCredentials {
  user: string
  password: string
}

/** Returns the header for Basic authentication. A password in the URL would appear in logs. */
export function basicAuth({ user, password }: AriCredentials): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

/** Returns undefined for an answer that is no JSON: whoever asked treats it like any other odd value. */
export function parseJson(content: string): unknown {
  try {
    return JSON.parse(content)
  } catch {
    return undefined
  }
}

/** ARI's REST interface over HTTP. */
export class AriRest implements AriRequests {
  readonly #url: string
  readonly #headers: Record<string, string>

  constructor(url: string, credentials: AriCredentials) {
    this.#url = url
    this.#headers = { authorization: basicAuth(credentials), 'content-type': 'application/json' }
  }

  get(path: string, signal: AbortSignal): Promise<unknown> {
    return this.#call('GET', path, signal)
  }

  put(path: string, body: unknown, signal: AbortSignal): Promise<unknown> {
    return this.#call('PUT', path, signal, JSON.stringify(body))
  }

  post(path: string, body: unknown, signal: AbortSignal): Promise<unknown> {
    return this.#call('POST', path, signal, JSON.stringify(body))
  }

  delete(path: string, signal: AbortSignal): Promise<unknown> {
    return this.#call('DELETE', path, signal)
  }

  async #call(method: string, path: string, signal: AbortSignal, body?: string): Promise<unknown> {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(requestMsMax)])
    try {
      const init = { method, headers: this.#headers, signal: limited, ...(body !== undefined && { body }) }
      const response = await fetch(`${this.#url}${path}`, init)
      const content = await response.text()
      if (!response.ok) {
        const server = response.headers.get('server')
        throw new AriRefusedError(response.status, `${method} ${path}`, { server })
      }
      return parseJson(content)
    } catch (cause) {
      if (cause instanceof AriRefusedError) throw cause
      const why = errorCode(cause) || (cause instanceof Error ? cause.name : 'no answer')
      throw new AriUnreachableError(`${method} ${path}: ${why}`, { cause })
    }
  }
}
