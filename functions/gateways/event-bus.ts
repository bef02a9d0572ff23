import * as v from 'valibot'
import { SwitchhookError } from '../../contracts/errors.ts'
import type { BusEntry } from '../domain/webhooks/bus-entry.ts'
import { PostSigner, type SigningCredentials } from './signed-post.ts'

const Answer = v.looseObject({
  Entries: v.array(v.looseObject({ ErrorCode: v.optional(v.nullable(v.string())) })),
})
const target = 'AWSEvents.PutEvents'
/** A put takes some 20 ms. The function has 30 s for a message. */
const answerMsMax = 3_000

/** EventBridge refused a request, or did not answer. */
export class EventBusError extends SwitchhookError {
  readonly errorId = 'event-bus'
  override shouldRetry(): boolean {
    return true
  }
}

/** Puts entries on a bus of EventBridge. */
export class EventBus {
  readonly #name: string
  readonly #url: URL
  readonly #signer: PostSigner
  constructor(name: string, endpoint: string, credentials: SigningCredentials, region: string) {
    this.#name = name
    this.#url = new URL(endpoint)
    this.#signer = new PostSigner(credentials, region, 'events', { 'x-amz-target': target })
  }

  /** Returns the error of each entry, undefined for those that are on the bus. @throws EventBusError if EventBridge took none */
  async put(entries: readonly BusEntry[]): Promise<(string | undefined)[]> {
    const body = JSON.stringify({ Entries: entries.map((entry) => ({ ...entry, EventBusName: this.#name })) })
    const { host: _host, ...headers } = this.#signer.headers(this.#url.host, this.#url.pathname, body, new Date())
    const response = await this.#post({ ...headers, 'content-type': 'application/x-amz-json-1.1' }, body)
    const parsed = v.safeParse(Answer, response)
    if (!parsed.success || parsed.output.Entries.length !== entries.length)
      throw new EventBusError('EventBridge answered in an unknown form')
    return parsed.output.Entries.map(({ ErrorCode }) => ErrorCode ?? undefined)
  }

  async #post(headers: Record<string, string>, body: string): Promise<unknown> {
    try {
      const signal = AbortSignal.timeout(answerMsMax)
      const response = await fetch(this.#url, { method: 'POST', headers, body, signal, redirect: 'error' })
      const text = await response.text()
      if (!response.ok) throw new EventBusError(`EventBridge answered ${response.status}: ${text.slice(0, 300)}`)
      return JSON.parse(text)
    } catch (cause) {
      if (cause instanceof EventBusError) throw cause
      throw new EventBusError('EventBridge did not answer', { cause })
    }
  }
}
