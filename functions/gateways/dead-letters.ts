import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'

/** Sends refused bodies to a dead-letter queue, unchanged, so that they can be redriven after a repair. */
export class DeadLetters {
  readonly #client = new SQSClient({})
  readonly #queueUrl: string
  constructor(queueUrl: string) {
    this.#queueUrl = queueUrl
  }

  /**
   * Sends the original signed body with the id of its error, and the line that has it (counted from 0) if it is one line. A
   * redrive replays the whole body; rows that are stored already do not change.
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
