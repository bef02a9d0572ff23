import type { Call } from '../contracts/calls.ts'
import type { ForwardWhen } from '../contracts/routes/extensions.ts'
import { type Connection, siteAddress } from './connection.ts'
import type { KeyScopes } from './key-scopes.ts'
import { refusalSentence } from './refusals.ts'
import { strings } from './strings.ts'

const words = strings.control
type Answered = { ok: true; status: number; body: unknown } | { ok: false }

/** A click whose answer was lost is sent again with its own Idempotency-Key, so often in all: it still rings once. */
const sendsMax = 3
const resendMs = 1_000
/** API Gateway ends a request at 30 s; a change of the call is waited for a little less. */
const waitSeconds = 25
const answerMsMax = 30_000
const keyBytes = 16

/** Calls placed and ended, forwarding and do not disturb set, by the public API; one thing at a time. */
export class Controls {
  placed: Pick<Call, 'call' | 'state' | 'result' | 'cause'> | undefined
  failure: string | undefined
  done: string | undefined
  isBusy = false
  readonly #connection: Connection
  readonly #scopes: Pick<KeyScopes, 'has'>
  readonly #onChange: () => void
  #following = new AbortController()

  constructor(connection: Connection, scopes: Pick<KeyScopes, 'has'>, onChange: () => void) {
    this.#connection = connection
    this.#scopes = scopes
    this.#onChange = onChange
  }

  async call(from: string, to: string): Promise<void> {
    if (this.isBusy) return
    this.clear()
    const random = crypto.getRandomValues(new Uint8Array(keyBytes))
    const key = Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('')
    await this.#act('POST', 'calls', { from, to }, { 'idempotency-key': key }, (body) => {
      this.placed = readCall(body)
    })
    if (this.placed && !this.failure) void this.#follow(this.placed.call, /^(answered|ended)$/)
  }

  async end(call: string): Promise<void> {
    await this.#act('DELETE', `calls/${encodeURIComponent(call)}`)
    if (this.placed?.call === call && !this.failure) void this.#follow(call, /^ended$/)
  }

  forward(extension: string, target: string, when: ForwardWhen): Promise<void> {
    return this.#act('PUT', `extensions/${extension}/forward`, { target, when })
  }

  clearForward(extension: string, when: ForwardWhen): Promise<void> {
    return this.#act('DELETE', `extensions/${extension}/forward?when=${when}`)
  }

  setDnd(extension: string, isOn: boolean): Promise<void> {
    return this.#act(isOn ? 'PUT' : 'DELETE', `extensions/${extension}/dnd`)
  }

  /** Another phone is looked at: what was said of the last one goes. A call that was begun goes on. */
  clear(): void {
    this.stop()
    this.placed = this.failure = this.done = undefined
  }

  stop(): void {
    this.#following.abort()
  }

  /** Until it is answered, when the live calls show it, or over. */
  async #follow(id: string, last: RegExp): Promise<void> {
    this.#following.abort()
    this.#following = new AbortController()
    const { signal } = this.#following
    while (!signal.aborted && this.#scopes.has('calls:read') && !last.test(this.placed?.state ?? '')) {
      const told = await this.#ask('GET', `calls/${id}?wait=${waitSeconds}`, { signal }, 1)
      if (signal.aborted || !told.ok) break
      this.placed = readCall(told.body)
      this.#onChange()
    }
    this.#onChange()
  }

  async #act(
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
    take?: (body: unknown) => void,
  ): Promise<void> {
    if (this.isBusy) return
    this.isBusy = true
    this.failure = this.done = undefined
    this.#onChange()
    const init = body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } } : {}
    const answered = await this.#ask(method, path, init, sendsMax)
    if (answered.ok) {
      if (take) take(answered.body)
      else if (!path.startsWith('calls')) this.done = answered.status === 202 ? words.pending : words.done
    }
    this.isBusy = false
    this.#onChange()
  }

  async #ask(method: string, path: string, init: RequestInit, sendsLeft: number): Promise<Answered> {
    const url = siteAddress(this.#connection, path)
    const headers = { ...init.headers, authorization: `Bearer ${this.#connection.key}` }
    const signal = AbortSignal.any([AbortSignal.timeout(answerMsMax), ...(init.signal ? [init.signal] : [])])
    try {
      const response = await fetch(url, { ...init, method, headers, signal })
      const body = await response.json()
      const { status, ok } = response
      if (ok) return { ok, status, body }
      this.failure = refusalSentence({ ...body, status, retryAfter: response.headers.get('retry-after') })
    } catch {
      // The answer was lost, on the way there or back: only asking again, as the same request, can tell.
      if (init.signal?.aborted) return { ok: false }
      if (sendsLeft > 1) {
        await new Promise((resolve) => setTimeout(resolve, resendMs))
        return this.#ask(method, path, init, sendsLeft - 1)
      }
      this.failure = refusalSentence({ status: 0 })
    }
    return { ok: false }
  }
}

function readCall(body: unknown): Pick<Call, 'call' | 'state' | 'result' | 'cause'> | undefined {
  return isCall(body) ? body : undefined
}

/** The cloud has checked what it says; what is relied on here is looked at. */
function isCall(body: unknown): body is Call {
  return typeof body === 'object' && body !== null && 'call' in body && 'state' in body
}
