import type { SQSBatchResponse, SQSEvent } from 'aws-lambda'
import { pushing } from './dependencies.ts'
import { pushBatch } from './push-batch.ts'

/** The `live` queue. */
export async function handler(event: SQSEvent): Promise<SQSBatchResponse> {
  const failed = await pushBatch(event.Records, pushing)
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) }
}
