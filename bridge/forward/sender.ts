import { GetQueueAttributesCommand, SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs'
import { sqsBodyBytesMax } from '../../contracts/limits.ts'
import { createSqsClient, type SqsAccess } from './sqs-client.ts'
import { isContentFault, QueueUnavailableError } from './sqs-errors.ts'

/** Limit of SQS's SendMessageBatch. */
export const bodiesPerCallMax = 10
/** A half-open connection never answers: after this time the call fails, and its bodies are sent again. */
const requestMsMax = 10_000

export type SendOutcome =
  | { kind: 'accepted' }
  /** SQS will never accept this body: put it into the quarantine. */
  | { kind: 'refused'; code: string }
  | { kind: 'retry'; code: string }

/** Sends bodies to SQS without retries: the caller decides about bodies that were not accepted. */
export class Sender {
  readonly #client: SQSClient

  constructor(region: string, access: SqsAccess = {}) {
    this.#client = createSqsClient(region, access)
  }

  /** Returns the outcome of each body, in order. At most ten bodies, 1 MiB together. @throws QueueUnavailableError */
  async send(queueUrl: string, bodies: readonly string[], signal?: AbortSignal): Promise<SendOutcome[]> {
    const limit = AbortSignal.timeout(requestMsMax)
    const entries = bodies.map((body, index) => ({ Id: String(index), MessageBody: body }))
    const command = new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries })
    const abortSignal = signal ? AbortSignal.any([signal, limit]) : limit
    const answer = await this.#client.send(command, { abortSignal }).catch((cause: unknown) => {
      throw new QueueUnavailableError(cause)
    })
    const accepted = new Set((answer.Successful ?? []).map((entry) => entry.Id))
    const failed = new Map((answer.Failed ?? []).map((entry) => [entry.Id, entry]))
    return entries.map(({ Id }) => {
      if (accepted.has(Id)) return { kind: 'accepted' }
      const failure = failed.get(Id)
      const code = failure?.Code ?? 'unanswered'
      return failure?.SenderFault && isContentFault(code) ? { kind: 'refused', code } : { kind: 'retry', code }
    })
  }

  /** Throws SQS's error if the queue does not exist or the credentials are rejected. */
  async probe(queueUrl: string): Promise<void> {
    const command = new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['QueueArn'] })
    await this.#client.send(command, { abortSignal: AbortSignal.timeout(requestMsMax) })
  }

  stop(): void {
    this.#client.destroy()
  }
}

/** Returns how many of the first bodies fit into one SQS call. */
export function bodyCountForCall(bodies: readonly string[]): number {
  let bytes = 0
  for (const [index, body] of bodies.entries()) {
    bytes += body.length
    if (index === bodiesPerCallMax || bytes > sqsBodyBytesMax) return Math.max(1, index)
  }
  return bodies.length
}
