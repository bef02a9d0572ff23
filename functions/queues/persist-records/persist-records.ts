import type { SQSRecord } from 'aws-lambda'
import type { Cdr } from '../../../contracts/cdr.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { describeError, logOutcome } from '../../log.ts'
import { type Aside, type BridgeKeys, type Line, type OpenedMessage, openMessage } from '../open-batch.ts'

export interface CallLog {
  put(site: SiteId, cdr: Cdr, raw: string | undefined): Promise<'stored' | 'duplicate'>
}
export interface RecordsCount {
  stored: number
  duplicates: number
  /** Late facts of presence: a later version tells time lines and webhooks of them, never the live state. */
  late: number
  putAside: number
}

/** Rows written at once: 25 puts of 5 to 10 ms each store a full body of 900 rows in under a second. */
const writesAtOnce = 25

/** True if the message is done with; false if it must come again, or end among the dead letters. */
export async function persistMessage(
  record: SQSRecord,
  { keys, log, aside }: { keys: BridgeKeys; log: CallLog; aside: Aside },
): Promise<boolean> {
  try {
    const message = await openMessage(record, keys, aside)
    if (!message) return true
    const count = await persistRecords(message, { log, aside })
    logOutcome('info', 'records', { site: message.site, ...count })
    return true
  } catch (error) {
    logOutcome('error', 'records-failed', { messageId: record.messageId, error: describeError(error) })
    return false
  }
}

/**
 * Stores the CDRs of one message. A line that is none goes to the dead letters with its number, its neighbours are
 * stored; whatever fails for another reason fails the whole message, and its redelivery finds what is stored already.
 */
export async function persistRecords(
  message: OpenedMessage,
  { log, aside }: { log: CallLog; aside: Aside },
): Promise<RecordsCount> {
  const count: RecordsCount = { stored: 0, duplicates: 0, late: 0, putAside: 0 }
  const lines = message.lines.values()
  const worker = async () => {
    for (const line of lines) await persistLine(line)
  }
  const persistLine = async (line: Line) => {
    if ('errorId' in line) {
      await aside.put(message.body, line.errorId, line.line)
      count.putAside += 1
    } else if (line.event.type === 'switchhook.cdr.v1') {
      const outcome = await log.put(message.site, line.event.data.cdr, line.event.data.raw)
      count[outcome === 'stored' ? 'stored' : 'duplicates'] += 1
    } else {
      count.late += 1
    }
  }
  await Promise.all(Array.from({ length: writesAtOnce }, worker))
  return count
}
