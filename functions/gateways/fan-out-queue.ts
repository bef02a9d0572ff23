import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'

/** SQS's limit. The last chunk of 4.5 million subscribers of one site is delayed by this much. */
const delaySecondsMax = 900

/** Sends chunks of connections and frames to the `fan-out` function, one message a chunk. */
export class FanOutQueue {
  readonly #client = new SQSClient({})
  readonly #queueUrl: string
  constructor(queueUrl: string) {
    this.#queueUrl = queueUrl
  }

  /** Sends each chunk by a request of its own, since a chunk has up to 0.5 MB; 100,000 subscribers are 200 chunks. */
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
