import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  type Message,
  type MessageAttributeValue,
  OverLimit,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { SwitchhookError } from '../../contracts/errors.ts'
import { describeError, logOutcome } from '../log.ts'

export interface DeadLetter {
  body: string
  /** The line that could not be stored, counted from 0, if it is one line. */
  line: number | undefined
}
/** What a dead letter becomes: itself, nothing, or another one. */
export type Rewritten = 'keep' | 'delete' | DeadLetter

/** SQS's maximum. */
const batchMax = 10
/** Messages that were looked at stay invisible for this long, so that a search over several invocations comes to the others. */
const hiddenSeconds = 600
/** A long poll asks all of SQS's servers, so that two empty answers mean that no visible message is left. */
const waitSeconds = 1
const emptyMax = 2
/** One search looks at some 500 messages a second, so that 20,000 fit into an invocation. */
const searchesAtOnce = 5

/** SQS hides at most 120,000 messages of a queue at once, so that a search never comes to the others. */
export class DeadLettersTooManyError extends SwitchhookError {
  readonly errorId = 'dead-letters-too-many'
  override shouldRetry(): boolean {
    return true
  }
}

/** Looks at every message of a dead-letter queue. Those that are kept are not changed, and can be redriven afterwards. */
export class DeadLetterSearch {
  readonly #client = new SQSClient({})
  readonly #queueUrl: string
  readonly #isOver: () => boolean
  constructor(queueUrl: string, isOver: () => boolean) {
    this.#queueUrl = queueUrl
    this.#isOver = isOver
  }

  /**
   * Returns false if the time was over before the end of the queue: the next invocation continues, and what was looked at stays
   * hidden until then. What replaces a message is sent before the message is deleted, so a crash in between leaves both. After an
   * error the messages are visible again.
   * @throws DeadLettersTooManyError if the queue has more messages than SQS hides at once
   */
  async each(rewrite: (letter: DeadLetter) => Promise<Rewritten>): Promise<boolean> {
    const seen = new Set<string>()
    let isAtEnd = false
    let isOutOfTime = false
    const worker = async () => {
      for (let empty = 0; empty < emptyMax && !isAtEnd; ) {
        isOutOfTime ||= this.#isOver()
        if (isOutOfTime) return
        const messages = await this.#receive()
        empty = messages.length === 0 ? empty + 1 : 0
        for (const { ReceiptHandle = '' } of messages) seen.add(ReceiptHandle)
        for (const message of messages) {
          const { ReceiptHandle = '' } = message
          const outcome = await rewrite(toLetter(message))
          if (outcome === 'keep') continue
          await this.#replace(message, outcome)
          seen.delete(ReceiptHandle)
        }
      }
      isAtEnd = true
    }
    try {
      await Promise.all(Array.from({ length: searchesAtOnce }, worker))
    } catch (error) {
      isAtEnd = true
      await this.#show([...seen]).catch((failure: unknown) =>
        logOutcome('warn', 'dead-letters-hidden', { error: describeError(failure) }),
      )
      throw error
    }
    if (isOutOfTime) return false
    await this.#show([...seen])
    return true
  }

  async #receive(): Promise<Message[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: this.#queueUrl,
      MaxNumberOfMessages: batchMax,
      VisibilityTimeout: hiddenSeconds,
      WaitTimeSeconds: waitSeconds,
      MessageAttributeNames: ['All'],
    })
    try {
      return (await this.#client.send(command)).Messages ?? []
    } catch (cause) {
      if (!(cause instanceof OverLimit)) throw cause
      const what = `${this.#queueUrl} has over 120,000 dead letters: redrive or purge some, then the erasure goes on`
      throw new DeadLettersTooManyError(what, { cause })
    }
  }

  async #replace({ MessageAttributes = {}, ReceiptHandle }: Message, outcome: 'delete' | DeadLetter): Promise<void> {
    if (outcome !== 'delete') {
      const { line: _line, ...others } = MessageAttributes
      const line: Record<string, MessageAttributeValue> =
        outcome.line === undefined ? {} : { line: { DataType: 'Number', StringValue: String(outcome.line) } }
      const MessageAttributesNow = { ...others, ...line }
      await this.#client.send(
        new SendMessageCommand({
          QueueUrl: this.#queueUrl,
          MessageBody: outcome.body,
          MessageAttributes: MessageAttributesNow,
        }),
      )
    }
    await this.#client.send(new DeleteMessageCommand({ QueueUrl: this.#queueUrl, ReceiptHandle }))
  }

  /** Makes messages visible again. One that is not becomes visible by itself. */
  async #show(handles: readonly string[]): Promise<void> {
    for (let from = 0; from < handles.length; from += batchMax) {
      const Entries = handles
        .slice(from, from + batchMax)
        .map((ReceiptHandle, n) => ({ Id: String(n), ReceiptHandle, VisibilityTimeout: 0 }))
      await this.#client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: this.#queueUrl, Entries }))
    }
  }
}

function toLetter({ Body = '', MessageAttributes }: Message): DeadLetter {
  const line = MessageAttributes?.['line']?.StringValue
  return { body: Body, line: line === undefined ? undefined : Number(line) }
}
