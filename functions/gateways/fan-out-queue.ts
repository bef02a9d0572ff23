import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'

/** SQS's limit: 4.5 million subscribers of one site. */
const delaySecondsMax = 900

/** Hands work to the function `fan-out`, one message a chunk. */
export class FanOutQueue {
  readonly #client = new SQSClient({})
  readonly #queueUrl: string
  constructor(queueUrl: string) {
    this.#queueUrl = queueUrl
  }

  /** A chunk is at most 0.5 MB as JSON, so each is a request of its own; 100,000 subscribers are 200 of them. */
  async send(chunks: readonly { chunk: object; delaySeconds: number }[]): Promise<void> {
    await Promise.all(
      chunks.map(({ chunk, delaySeconds }) =>
        this.#client.send(
          new SendMessageCommand({
            QueueUrl: this.#queueUrl,
            MessageBody: JSON.stringify(chunk),
            DelaySeconds: Math.min(delaySeconds, delaySecondsMax),
          }),
        ),
      ),
    )
  }
}
