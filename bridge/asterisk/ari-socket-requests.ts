import * as v from 'valibot'
import type { AriRequests } from './ari-connection.ts'
import { AriRefusedError, AriUnreachableError } from './ari-errors.ts'
import { parseJson } from './ari-rest.ts'

/** The same limit as over HTTP: Asterisk answers within milliseconds or hangs. */
const requestMsMax = 5000
/** A resynchronisation sends eight requests at a time; more than this many is a bug. */
const waitingMax = 1000

const Response = v.looseObject({
  type: v.literal('RESTResponse'),
  request_id: v.string(),
  status_code: v.number(),
  message_body: v.optional(v.string(), ''),
})

interface Waiting {
  what: string
  answer(value: unknown): void
  fail(error: unknown): void
}

/** ARI's REST interface over the event socket (Asterisk's documentation: "ARI REST over WebSocket"). */
export class AriSocketRequests implements AriRequests {
  readonly #send: (text: string) => void
  readonly #waiting = new Map<string, Waiting>()
  #count = 0

  constructor(send: (text: string) => void) {
    this.#send = send
  }

  get(path: string, signal: AbortSignal): Promise<unknown> {
    return this.#ask('GET', path, signal)
  }

  put(path: string, body: unknown, signal: AbortSignal): Promise<unknown> {
    return this.#ask('PUT', path, signal, body)
  }

  post(path: string, body: unknown, signal: AbortSignal): Promise<unknown> {
    return this.#ask('POST', path, signal, body)
  }

  delete(path: string, signal: AbortSignal): Promise<unknown> {
    return this.#ask('DELETE', path, signal)
  }

  #ask(method: string, path: string, signal: AbortSignal, body?: unknown): Promise<unknown> {
    if (this.#waiting.size >= waitingMax) throw new AriUnreachableError('too many requests are waiting for Asterisk')
    this.#count += 1
    const id = String(this.#count)
    const what = `${method} ${path}`
    const limited = AbortSignal.any([signal, AbortSignal.timeout(requestMsMax)])
    return new Promise((answer, fail) => {
      const giveUp = () => {
        this.#waiting.delete(id)
        fail(new AriUnreachableError(`${what}: no answer`))
      }
      if (limited.aborted) return giveUp()
      limited.addEventListener('abort', giveUp, { once: true })
      this.#waiting.set(id, { what, answer, fail })
      const content = body === undefined ? {} : { content_type: 'application/json', message_body: JSON.stringify(body) }
      this.#send(
        JSON.stringify({ type: 'RESTRequest', request_id: id, method, uri: path.replace(/^\//, ''), ...content }),
      )
    })
  }

  /** Resolves the request that a frame answers. Returns false for frames that are events. */
  take(frame: Buffer): boolean {
    // Asterisk writes `type` first, so events are not parsed here.
    if (!frame.subarray(0, 40).includes('"RESTResponse"')) return false
    const response = v.safeParse(Response, parseJson(frame.toString('utf8')))
    if (!response.success) return false
    const { request_id: id, status_code: status, message_body: body } = response.output
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (status >= 300) waiting?.fail(new AriRefusedError(status, waiting.what, { server: 'Asterisk' }))
    else waiting?.answer(parseJson(body))
    return true
  }
}
