import {
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  SQSClient,
  type SQSClientConfig,
} from '@aws-sdk/client-sqs'
import { sqsBodyBytesMax } from '../../contracts/limits.ts'
import { describeError, type Log } from '../operate/log.ts'
import { isContentFault, QueueUnavailableError, startErrorFor } from './sqs-errors.ts'

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

  /** Without `credentials`, the AWS SDK searches for them. */
  constructor(region: string, credentials?: SQSClientConfig['credentials']) {
    // The SDK's own retries would resend a whole batch for one failed entry, and the bridge could not count them.
    this.#client = new SQSClient({ region, maxAttempts: 1, ...(credentials && { credentials }) })
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

/**
 * Checks the queues when the bridge starts. Throws FatalError for a missing queue or rejected credentials. An unreachable
 * queue is only logged: spool and CDR file keep the data until it is back. So is a denial, since the bridge's role may send only.
 */
export async function probeQueues(sender: Sender, queues: { live: string; records: string }, log: Log): Promise<void> {
  for (const name of ['live', 'records'] as const) {
    try {
      await sender.probe(queues[name])
    } catch (error) {
      const failure = startErrorFor(error, name, queues[name])
      if (failure) throw failure
      log.warn('queue not checked', { queue: name, reason: describeError(error) })
    }
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
