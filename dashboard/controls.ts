import { ApiError, createApi } from '../client/http-client.ts'
import type { Call } from '../contracts/calls.ts'
import { callRoutes } from '../contracts/routes/calls.ts'
import { extensionRoutes, type ForwardWhen } from '../contracts/routes/extensions.ts'
import { placedCallRoutes } from '../contracts/routes/placed-calls.ts'
import type { Connection } from './connection.ts'
import { t } from './language.ts'
import { refusalSentence } from './refusals.ts'
import type { Tickets } from './tickets.ts'

const routes = { ...callRoutes, ...placedCallRoutes, ...extensionRoutes }

/** A click whose answer was lost is sent again with the same Idempotency-Key, so that the phone rings once. */
const attemptsMax = 3
const retryMs = 1_000
/** API Gateway ends a request at 30 s, so the API waits a little less for a change of the call. */
const waitSeconds = 25
const keyBytes = 16

/** Places and ends calls, and sets forwarding and do-not-disturb, over the public API. One request at a time. */
export class Controls {
  placed: Pick<Call, 'call' | 'state' | 'result' | 'cause'> | undefined
  failure: string | undefined
  done: string | undefined
  isBusy = false
  readonly #api
  readonly #scopes: Pick<Tickets, 'has'>
  readonly #onChange: () => void
  #following = new AbortController()

  constructor({ apiUrl, site, key }: Connection, scopes: Pick<Tickets, 'has'>, onChange: () => void) {
    this.#api = createApi({ apiUrl, site, key }, routes)
    this.#scopes = scopes
    this.#onChange = onChange
  }

  async call(from: string, to: string): Promise<void> {
    if (this.isBusy) return
    this.clear()
    const random = crypto.getRandomValues(new Uint8Array(keyBytes))
    const key = Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('')
    const headers = { 'idempotency-key': key }
    const placed = await this.#send(() => this.#api('POST /v1/sites/{site}/calls', { body: { from, to }, headers }))
    if (placed) this.#follow(placed.body, ['answered', 'ended'])
  }

  async end(id: string): Promise<void> {
    const ended = await this.#send(() => this.#api('DELETE /v1/sites/{site}/calls/{id}', { path: { id } }))
    if (ended && this.placed?.call === id) this.#follow(this.placed, ['ended'])
  }

  /** Resolves to whether the forward was set, or is going to be. */
  async forward(extension: string, target: string, when: ForwardWhen): Promise<boolean> {
    const request = { path: { extension }, body: { target, when } }
    return this.#confirm(
      await this.#send(() => this.#api('PUT /v1/sites/{site}/extensions/{extension}/forward', request)),
    )
  }

  async clearForward(extension: string, when: ForwardWhen): Promise<boolean> {
    const request = { path: { extension }, query: { when } }
    return this.#confirm(
      await this.#send(() => this.#api('DELETE /v1/sites/{site}/extensions/{extension}/forward', request)),
    )
  }

  async setDnd(extension: string, isOn: boolean): Promise<boolean> {
    const method = isOn ? 'PUT' : 'DELETE'
    const request = { path: { extension } }
    return this.#confirm(
      await this.#send(() => this.#api(`${method} /v1/sites/{site}/extensions/{extension}/dnd`, request)),
    )
  }

  /** Forgets messages about the phone that was open before. Its call goes on. */
  clear(): void {
    this.stop()
    this.placed = undefined
    this.failure = undefined
    this.done = undefined
  }

  stop(): void {
    this.#following.abort()
  }

  /** Shows the call until it reaches one of the last states. An answered call is among the live calls. */
  async #follow(call: NonNullable<Controls['placed']>, last: readonly Call['state'][]): Promise<void> {
    this.#following.abort()
    this.#following = new AbortController()
    const { signal } = this.#following
    this.placed = call
    this.#onChange()
    const request = { path: { id: call.call }, query: { wait: waitSeconds }, signal }
    while (this.#scopes.has('calls:read') && !last.includes(this.placed.state)) {
      try {
        const { body } = await this.#api('GET /v1/sites/{site}/calls/{id}', request)
        if (signal.aborted) return
        this.placed = body
      } catch (error) {
        if (signal.aborted) return
        if (error instanceof ApiError && error.status === 429 && error.retryAfterMs !== undefined) {
          await new Promise((resolve) => setTimeout(resolve, error.retryAfterMs))
          continue
        }
        this.failure = refusalSentence(error)
        return this.#onChange()
      }
      this.#onChange()
    }
  }

  /** A status of 202 means that the PBX has not confirmed the change within four seconds. */
  #confirm(answer: { status: number } | undefined): boolean {
    if (answer) this.done = answer.status === 202 ? t('control.pending') : t('control.done')
    this.#onChange()
    return answer !== undefined
  }

  /** Sends a request unless another one is under way. Returns undefined if it failed, and the reason is in `failure`. */
  async #send<T>(send: () => Promise<T>): Promise<T | undefined> {
    if (this.isBusy) return undefined
    this.isBusy = true
    this.failure = undefined
    this.done = undefined
    this.#onChange()
    try {
      return await withAttempts(send, attemptsMax)
    } catch (error) {
      this.failure = refusalSentence(error)
      return undefined
    } finally {
      this.isBusy = false
      this.#onChange()
    }
  }
}

/** Sends a request again only if no answer came: then nobody knows whether it was carried out. */
async function withAttempts<T>(send: () => Promise<T>, attemptsLeft: number): Promise<T> {
  try {
    return await send()
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 0 || attemptsLeft === 1) throw error
  }
  await new Promise((resolve) => setTimeout(resolve, retryMs))
  return withAttempts(send, attemptsLeft - 1)
}
