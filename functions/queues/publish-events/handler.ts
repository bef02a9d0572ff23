import type { SQSBatchResponse, SQSEvent } from 'aws-lambda'
import * as v from 'valibot'
import { EventMessage } from '../../gateways/event-queue.ts'
import { describeError, logOutcome } from '../../log.ts'
import { bus, dependencies, notices, webhooks } from './dependencies.ts'
import { publishMessage } from './publish-message.ts'

/** Handles the `events` queue. Each message succeeds or fails by itself. */
export async function handler(event: SQSEvent): Promise<SQSBatchResponse> {
  const failed: string[] = []
  for (const { messageId, body } of event.Records) {
    try {
      await publishMessage(v.parse(EventMessage, JSON.parse(body)), dependencies, webhooks, bus, notices)
    } catch (error) {
      logOutcome('error', 'events-failed', { messageId, error: describeError(error) })
      failed.push(messageId)
    }
  }
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) }
}
