import { SwitchhookError } from '../../contracts/errors.ts'
import type { OutageNotice } from '../domain/webhooks/outage-notice.ts'
import { PostSigner, type SigningCredentials } from './signed-post.ts'
import { postSigned } from './signed-request.ts'

const answerMsMax = 5_000

/** SNS refused a message, or did not answer. The message in the queue is tried again. */
export class OutageTopicError extends SwitchhookError {
  readonly errorId = 'outage-topic'
  override shouldRetry(): boolean {
    return true
  }
}

/** Publishes to a topic of SNS (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html). */
export class OutageTopic {
  readonly #arn: string
  readonly #url: URL
  readonly #signer: PostSigner
  constructor(arn: string, endpoint: string, credentials: SigningCredentials, region: string) {
    this.#arn = arn
    this.#url = new URL(endpoint)
    this.#signer = new PostSigner(credentials, region, 'sns')
  }

  /** @throws OutageTopicError */
  async publish({ subject, text, attributes }: OutageNotice): Promise<void> {
    const form = new URLSearchParams({ Action: 'Publish', Version: '2010-03-31', TopicArn: this.#arn })
    form.set('Subject', subject)
    form.set('Message', text)
    for (const [at, [name, value]] of Object.entries(attributes).entries()) {
      const entry = `MessageAttributes.entry.${at + 1}`
      form.set(`${entry}.Name`, name)
      form.set(`${entry}.Value.DataType`, 'String')
      form.set(`${entry}.Value.StringValue`, value)
    }
    await postSigned({
      service: 'SNS',
      url: this.#url,
      signer: this.#signer,
      contentType: 'application/x-www-form-urlencoded',
      body: form.toString(),
      answerMsMax,
      fail: (message, options) => new OutageTopicError(message, options),
    })
  }
}
