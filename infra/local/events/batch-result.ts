import * as v from 'valibot'
import type { Outcome } from '../functions/outcome.ts'
import type { Message } from './sqs-record.ts'

const Partial = v.nullable(
  v.looseObject({
    batchItemFailures: v.nullish(v.array(v.looseObject({ itemIdentifier: v.pipe(v.string(), v.minLength(1)) }))),
  }),
)

/**
 * The messages of a batch that are done and may be deleted ("Handling errors for an SQS event source in Lambda"): none after a function
 * error; all but the reported ones with ReportBatchItemFailures; none if the report names a message that was not in the batch or is
 * malformed, since then nobody knows what failed.
 */
export function doneMessages(
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
