import {
  CreateQueueCommand,
  DeleteQueueCommand,
  QueueDoesNotExist,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { SwitchhookError } from '../../contracts/errors.ts'
import type { SiteId } from '../../contracts/names.ts'

/** Commands expire within seconds, so SQS may drop those that no bridge received after a minute, its shortest retention. */
const retentionSeconds = 60
/** Long polling: a waiting bridge costs three requests a minute. */
const waitSeconds = 20

/** SQS answered without the URL of the queue that it created. */
export class QueueUrlMissingError extends SwitchhookError {
  readonly errorId = 'queue-url-missing'
  override shouldRetry(): boolean {
    return true
  }
}

/** Creates, removes and writes to the queue from which each site's bridge receives commands. */
export class CommandQueues {
  readonly #client = new SQSClient({})
  readonly #stage: string
  constructor(stage: string) {
    this.#stage = stage
  }

  /** Creates the site's command queue unless it exists, and returns its URL. `number` rises when a bridge is revoked. */
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
    if (!QueueUrl) throw new QueueUrlMissingError('SQS returned no URL for a command queue')
    return QueueUrl
  }

  async send(url: string, body: string): Promise<void> {
    await this.#client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: body }))
  }

  /** Removes a queue; harmless if it no longer exists. */
  async remove(url: string): Promise<void> {
    try {
      await this.#client.send(new DeleteQueueCommand({ QueueUrl: url }))
    } catch (error) {
      if (!(error instanceof QueueDoesNotExist)) throw error
    }
  }
}
