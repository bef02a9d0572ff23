import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'

/** Hands work to the function `fan-out`, one message a piece. */
export class FanOutQueue {
  readonly #client = new SQSClient({})
  readonly #queueUrl: string
  constructor(queueUrl: string) {
    this.#queueUrl = queueUrl
  }

  /** A piece is at most 0.5 MB as JSON, so each is a request of its own; 100,000 subscribers are 200 of them. */
  async send(pieces: readonly object[]): Promise<void> {
    await Promise.all(
      pieces.map((piece) =>
        this.#client.send(new SendMessageCommand({ QueueUrl: this.#queueUrl, MessageBody: JSON.stringify(piece) })),
      ),
    )
  }
}
