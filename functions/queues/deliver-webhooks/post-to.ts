import { parseTarget, type TargetRules } from '../../domain/webhooks/target-url.ts'
import type { WebhookAnswer, WebhookRequest } from '../../gateways/webhook-post.ts'
import type { WebhookRow } from '../../stores/webhooks.ts'

export interface PostDependencies {
  post(request: WebhookRequest): Promise<WebhookAnswer>
  rules: TargetRules
}

/** Sends a request to the receiver of a webhook. A receiver that the rules no longer allow is an answer like others. */
export async function postTo(
  { id, url }: Pick<WebhookRow, 'id' | 'url'>,
  request: Omit<WebhookRequest, 'webhook' | 'url'>,
  { post, rules }: PostDependencies,
): Promise<WebhookAnswer> {
  try {
    return await post({ webhook: id, url: parseTarget(url, rules), ...request })
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error), ms: 0 }
  }
}
