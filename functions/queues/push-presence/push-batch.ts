import type { SQSRecord } from 'aws-lambda'
import { describeError, logOutcome } from '../../log.ts'
import { type BridgeKeys, type DeadLetterQueue, openMessage } from '../open-batch.ts'
import { type PushDependencies, pushSite } from './push-site.ts'

/**
 * Opens the messages of a batch, then writes and pushes their facts site by site. Returns the ids of the messages that SQS
 * has to deliver again: those that could not be opened for now, and those of a site that failed.
 */
export async function pushBatch(
  records: readonly SQSRecord[],
  dependencies: PushDependencies & { keys: BridgeKeys; deadLetters: DeadLetterQueue },
): Promise<string[]> {
  const failed: string[] = []
  const opened = await Promise.all(
    records.map(async (record) => {
      try {
        return await openMessage(record, dependencies.keys, dependencies.deadLetters, 'live')
      } catch (error) {
        logOutcome('error', 'open-failed', { messageId: record.messageId, error: describeError(error) })
        failed.push(record.messageId)
        return undefined
      }
    }),
  )
  const messages = opened.filter((message) => message !== undefined)
  const sites = [...Map.groupBy(messages, ({ site }) => site)]
  const pushed = await Promise.all(sites.map(([site, own]) => pushSite(site, own, dependencies)))
  failed.push(...sites.flatMap(([, own], i) => (pushed[i] ? [] : own.map(({ messageId }) => messageId))))
  return failed
}
