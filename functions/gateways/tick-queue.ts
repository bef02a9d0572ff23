import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'

interface CallOf {
  site: string
  call: string
}

/** The queue through which the watch wakes itself. */
export class TickQueue {
  readonly #client = new SQSClient({})
  readonly #queueUrl: string
  constructor(queueUrl: string) {
    this.#queueUrl = queueUrl
  }

  async send(tick: { part: number } | { reap: CallOf } | { tell: CallOf }, delaySeconds: number): Promise<void> {
    const MessageBody = JSON.stringify(tick)
    await this.#client.send(
      new SendMessageCommand({ QueueUrl: this.#queueUrl, MessageBody, DelaySeconds: delaySeconds }),
    )
  }
}
