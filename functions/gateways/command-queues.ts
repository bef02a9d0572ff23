import {
  CreateQueueCommand,
  DeleteQueueCommand,
  QueueDoesNotExist,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import type { SiteId } from '../../contracts/names.ts'

/** Commands have a deadline of seconds, so one that nobody fetched is dropped after a minute, SQS's shortest. */
const retentionSeconds = 60
/** Long poll, so that a waiting bridge costs three requests a minute. */
const waitSeconds = 20

/** The queue of each site from which its bridge takes commands. */
export class CommandQueues {
  readonly #client = new SQSClient({})
  readonly #stage: string
  constructor(stage: string) {
    this.#stage = stage
  }

  /** Makes the site's command queue, or finds the one that is there, and answers its URL. `number` rises when a bridge is revoked. */
  async create(site: SiteId, number: number): Promise<string> {
    const { QueueUrl } = await this.#client.send(
      new CreateQueueCommand({
        QueueName: `switchhook-${this.#stage}-commands-${site}-${number}`,
        Attributes: {
          MessageRetentionPeriod: String(retentionSeconds),
          ReceiveMessageWaitTimeSeconds: String(waitSeconds),
          SqsManagedSseEnabled: 'true',
        },
      }),
    )
    if (!QueueUrl) throw new Error('SQS made a queue and named no URL')
    return QueueUrl
  }

  async send(url: string, body: string): Promise<void> {
    await this.#client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: body }))
  }

  /** Harmless where it is gone already. */
  async remove(url: string): Promise<void> {
    try {
      await this.#client.send(new DeleteQueueCommand({ QueueUrl: url }))
    } catch (error) {
      if (!(error instanceof QueueDoesNotExist)) throw error
    }
  }
}
