import type { SQSRecord } from 'aws-lambda'
import { describeError, logOutcome } from '../../log.ts'
import { type Aside, type BridgeKeys, openMessage } from '../open-batch.ts'
import { type PushDependencies, pushSite } from './push-site.ts'

/**
 * A batch is opened, then folded and pushed site by site. Answers the ids of the messages that must come again: those
 * that could not be opened for now, and those of a site that failed; the other sites are done.
 */
export async function pushBatch(
  records: readonly SQSRecord[],
  pushing: PushDependencies & { keys: BridgeKeys; aside: Aside },
): Promise<string[]> {
  const failed: string[] = []
  const opened = await Promise.all(
    records.map(async (record) => {
      try {
        return await openMessage(record, pushing.keys, pushing.aside, 'live')
      } catch (error) {
        logOutcome('error', 'open-failed', { messageId: record.messageId, error: describeError(error) })
        failed.push(record.messageId)
        return undefined
      }
    }),
  )
  const messages = opened.filter((message) => message !== undefined)
  const sites = [...Map.groupBy(messages, ({ site }) => site)]
  const pushed = await Promise.all(sites.map(([site, own]) => pushSite(site, own, pushing)))
  failed.push(...sites.flatMap(([, own], i) => (pushed[i] ? [] : own.map(({ messageId }) => messageId))))
  return failed
}
