import * as v from 'valibot'
import type { Outcome } from '../functions/outcome.ts'
import type { Message } from './sqs-record.ts'

const Partial = v.nullable(
  v.looseObject({
    batchItemFailures: v.nullish(v.array(v.looseObject({ itemIdentifier: v.pipe(v.string(), v.minLength(1)) }))),
  }),
)

/**
 * Returns the messages of a batch that Lambda deletes from the queue ("Handling errors for an SQS event source in Lambda"). After
 * a function error it deletes no message. With ReportBatchItemFailures it keeps the reported ones; if the report is malformed or
 * names a message of another batch, it keeps them all.
 */
export function processedMessages(
  outcome: Outcome,
  batch: readonly Message[],
  reportsFailures: boolean,
): readonly Message[] {
  if (outcome.functionError) return []
  if (!reportsFailures) return batch
  const parsed = v.safeParse(Partial, JSON.parse(outcome.payload))
  if (!parsed.success) return []
  const failed = new Set((parsed.output?.batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier))
  const known = new Set(batch.map(({ MessageId }) => MessageId))
  if ([...failed].some((id) => !known.has(id))) return []
  return batch.filter(({ MessageId }) => !failed.has(MessageId))
}
