import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'

/** Puts what cannot be stored aside, whole, so that a redrive after a repair loses nothing. */
export class DeadLetters {
  readonly #client = new SQSClient({})
  readonly #queueUrl: string
  constructor(queueUrl: string) {
    this.#queueUrl = queueUrl
  }

  /** The original signed body, with the line that was refused and why. A redrive replays the body: what is stored absorbs it. */
  async put(body: string, line: number, errorId: string): Promise<void> {
    await this.#client.send(
      new SendMessageCommand({
        QueueUrl: this.#queueUrl,
        MessageBody: body,
        MessageAttributes: {
          line: { DataType: 'Number', StringValue: String(line) },
          errorId: { DataType: 'String', StringValue: errorId },
        },
      }),
    )
  }
}
