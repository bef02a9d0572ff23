import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'

/** Puts what cannot be stored aside, whole, so that a redrive after a repair loses nothing. */
export class DeadLetters {
  readonly #client = new SQSClient({})
  readonly #queueUrl: string
  constructor(queueUrl: string) {
    this.#queueUrl = queueUrl
  }

  /**
   * The original signed body and why it was refused: as a whole, or at one line, counted from 0. A redrive replays the
   * body; what is stored already absorbs it.
   */
  async put(body: string, errorId: string, line?: number): Promise<void> {
    const place = line === undefined ? {} : { line: { DataType: 'Number', StringValue: String(line) } }
    await this.#client.send(
      new SendMessageCommand({
        QueueUrl: this.#queueUrl,
        MessageBody: body,
        MessageAttributes: { errorId: { DataType: 'String', StringValue: errorId }, ...place },
      }),
    )
  }
}
