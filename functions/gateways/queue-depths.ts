import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs'

const waiting = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesDelayed'] as const
const inFlight = 'ApproximateNumberOfMessagesNotVisible'

/** Counts the messages of queues, as SQS knows them: about a minute late. */
export class QueueDepths {
  readonly #client = new SQSClient({})
  readonly #urls: readonly string[]
  constructor(urls: readonly string[]) {
    this.#urls = urls
  }

  async read(): Promise<{ waiting: number; inFlight: number }[]> {
    return Promise.all(
      this.#urls.map(async (QueueUrl) => {
        const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...waiting, inFlight] })
        const { Attributes = {} } = await this.#client.send(command)
        const count = (name: string) => Number(Attributes[name as keyof typeof Attributes] ?? 0)
        return { waiting: waiting.reduce((sum, name) => sum + count(name), 0), inFlight: count(inFlight) }
      }),
    )
  }
}
