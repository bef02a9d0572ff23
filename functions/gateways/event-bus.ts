import * as v from 'valibot'
import { SwitchhookError } from '../../contracts/errors.ts'
import type { BusEntry } from '../domain/webhooks/bus-entry.ts'
import { PostSigner, type SigningCredentials } from './signed-post.ts'
import { postSigned } from './signed-request.ts'

const Answer = v.pipe(
  v.string(),
  v.parseJson(),
  v.looseObject({ Entries: v.array(v.looseObject({ ErrorCode: v.optional(v.nullable(v.string())) })) }),
)
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
    const text = await postSigned({
      service: 'EventBridge',
      url: this.#url,
      signer: this.#signer,
      contentType: 'application/x-amz-json-1.1',
      body,
      answerMsMax,
      fail: (message, options) => new EventBusError(message, options),
    })
    const parsed = v.safeParse(Answer, text)
    if (!parsed.success || parsed.output.Entries.length !== entries.length)
      throw new EventBusError('EventBridge answered in an unknown form')
    return parsed.output.Entries.map(({ ErrorCode }) => ErrorCode ?? undefined)
  }
}
