import { SwitchhookError } from '../../contracts/errors.ts'
import type { OutageNotice } from '../domain/webhooks/outage-notice.ts'
import { PostSigner, type SigningCredentials } from './signed-post.ts'

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
    const body = form.toString()
    const { host: _host, ...headers } = this.#signer.headers(this.#url.host, this.#url.pathname, body, new Date())
    const type = 'application/x-www-form-urlencoded'
    const signal = AbortSignal.timeout(answerMsMax)
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: { ...headers, 'content-type': type },
      body,
      signal,
      redirect: 'error',
    }).catch((cause: unknown) => {
      throw new OutageTopicError('SNS did not answer', { cause })
    })
    const answer = await response.text()
    if (!response.ok) throw new OutageTopicError(`SNS answered ${response.status}: ${answer.slice(0, 300)}`)
  }
}
