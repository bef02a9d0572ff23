import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'

interface CallRef {
  site: string
  call: string
}

/** Sends messages to the queue of the `watch` function. */
export class TickQueue {
  readonly #client = new SQSClient({})
  readonly #queueUrl: string
  constructor(queueUrl: string) {
    this.#queueUrl = queueUrl
  }

  async send(tick: { part: number } | { reap: CallRef } | { tell: CallRef }, delaySeconds: number): Promise<void> {
    const MessageBody = JSON.stringify(tick)
    await this.#client.send(
      new SendMessageCommand({ QueueUrl: this.#queueUrl, MessageBody, DelaySeconds: delaySeconds }),
    )
  }
}
