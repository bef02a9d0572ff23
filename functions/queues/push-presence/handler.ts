import type { SQSBatchResponse, SQSEvent } from 'aws-lambda'
import { dependencies } from './dependencies.ts'
import { pushBatch } from './push-batch.ts'

/** Handles the `live` queue. */
export async function handler(event: SQSEvent): Promise<SQSBatchResponse> {
  const failed = await pushBatch(event.Records, dependencies)
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) }
}
