import {
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  SQSClient,
  type SQSClientConfig,
} from '@aws-sdk/client-sqs'
import { sqsBodyBytesMax } from '../../contracts/limits.ts'
import { describeError, type Log } from '../operate/log.ts'
import { isContentFault, QueueUnavailableError, startErrorFor } from './sqs-errors.ts'

/** SQS takes ten messages a call. */
export const bodiesPerCallMax = 10
/** Half-open connections look like silence; after this the call is given up and its bodies sent again with the same ids. */
const requestMsMax = 10_000

export type SendOutcome =
  | { kind: 'accepted' }
  /** SQS will never take this body: it goes to the quarantine. */
  | { kind: 'refused'; code: string }
  | { kind: 'retry'; code: string }

/** Sends bodies to SQS. One try; who calls decides what to do with what was not accepted. */
export class Sender {
  readonly #client: SQSClient

  /** Without `credentials`, they come from the environment. */
  constructor(region: string, credentials?: SQSClientConfig['credentials']) {
    // Tries of its own would send a whole batch again for one entry's sake, and hide what it did from the counters.
    this.#client = new SQSClient({ region, maxAttempts: 1, ...(credentials && { credentials }) })
  }

  /** An outcome for each body, in order. At most ten bodies of 1 MiB in all. Throws QueueUnavailableError if none was judged. */
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

  /** Throws what SQS answers if the queue or the credentials are wrong. */
  async probe(queueUrl: string): Promise<void> {
    const command = new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['QueueArn'] })
    await this.#client.send(command, { abortSignal: AbortSignal.timeout(requestMsMax) })
  }

  stop(): void {
    this.#client.destroy()
  }
}

/**
 * At the start, tells a wrong queue or wrong credentials from a cloud that is away. The bridge's role may send only, so a
 * denial to look says nothing; what cannot be reached is waited for, with the spool and the CDR file holding what comes.
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

/** How many of the first bodies go in one call. */
export function bodyCountForCall(bodies: readonly string[]): number {
  let bytes = 0
  for (const [index, body] of bodies.entries()) {
    bytes += body.length
    if (index === bodiesPerCallMax || bytes > sqsBodyBytesMax) return Math.max(1, index)
  }
  return bodies.length
}
