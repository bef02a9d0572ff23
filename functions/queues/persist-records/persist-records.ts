import type { SQSRecord } from 'aws-lambda'
import { type Cdr, momentSeconds } from '../../../contracts/cdr.ts'
import type { CdrDigest } from '../../../contracts/cdr-digest.ts'
import type { BridgeEvent } from '../../../contracts/events.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { TimeLineEntry } from '../../../contracts/time-line.ts'
import { fileCdr, hourOf } from '../../domain/filing.ts'
import type { Numbering } from '../../domain/phone-number.ts'
import { timeLineEntries } from '../../domain/time-line.ts'
import { describeError, logOutcome } from '../../log.ts'
import type { PutOutcome } from '../../stores/cdrs.ts'
import { type Aside, type BridgeKeys, type OpenedMessage, openMessage } from '../open-batch.ts'
import {
  correctPlacedCall,
  type PlacedCallCorrections,
  type PlacedCallUpdates,
  updatePlacedCalls,
} from '../placed-call-updates.ts'
import type { OutcomeMessage } from '../watch/publish-outcome.ts'
import { receiveDigest, type VerificationStore } from './receive-digest.ts'

export interface CallLog {
  put(site: SiteId, cdr: Cdr, raw: string | undefined, numbering: Numbering): Promise<PutOutcome>
}
export interface DirtyHours {
  mark(site: SiteId, hour: string): Promise<void>
}
export interface TimeLines {
  put(site: SiteId, byCall: ReadonlyMap<string, readonly TimeLineEntry[]>, now: number): Promise<void>
}
export interface PersistDependencies {
  log: CallLog
  aside: Aside
  hours: DirtyHours
  timeLines: TimeLines
  placed: PlacedCallUpdates & PlacedCallCorrections
  tell(outcome: OutcomeMessage): Promise<void>
  days: VerificationStore
  numberingOf(site: SiteId): Promise<Numbering>
  now: () => number
}
export interface RecordsCount {
  stored: number
  duplicates: number
  /** CDRs whose natural key was another call's: stored beside it. */
  apart: number
  /** Late facts of presence: they are told to time lines, never to the live state. */
  late: number
  putAside: number
}

/** Rows written at once: 25 puts of 5 to 10 ms each store a full body of 900 rows in about a second. */
const writesAtOnce = 25

/** True if the message is done with; false if it must come again, or end among the dead letters. */
export async function persistMessage(
  record: SQSRecord,
  { keys, ...persisting }: PersistDependencies & { keys: BridgeKeys },
): Promise<boolean> {
  try {
    const message = await openMessage(record, keys, persisting.aside, 'records')
    if (!message) return true
    const count = await persistRecords(message, persisting)
    logOutcome(count.apart > 0 ? 'warn' : 'info', 'records', { site: message.site, ...count })
    return true
  } catch (error) {
    logOutcome('error', 'records-failed', { messageId: record.messageId, error: describeError(error) })
    return false
  }
}

/**
 * Stores what one message tells: its CDRs, then the marks of their hours, and its late facts. A line that is none goes to
 * the dead letters with its number, its neighbours are stored; whatever fails for another reason fails the whole
 * message, and its redelivery finds what is stored already.
 */
export async function persistRecords(message: OpenedMessage, persisting: PersistDependencies): Promise<RecordsCount> {
  const { log, aside, hours, timeLines, now } = persisting
  const { site } = message
  const count: RecordsCount = { stored: 0, duplicates: 0, apart: 0, late: 0, putAside: 0 }
  const outcomes = { stored: 'stored', duplicate: 'duplicates', apart: 'apart' } as const
  const numbering = await persisting.numberingOf(site)
  const dirty = new Set<string>()
  const late: BridgeEvent[] = []
  const digests: CdrDigest[] = []
  const lines = message.lines.values()
  const refuse = async (line: number, errorId: string) => {
    await aside.put(message.body, errorId, line)
    count.putAside += 1
  }
  const worker = async () => {
    for (const line of lines) {
      if ('errorId' in line) await refuse(line.line, line.errorId)
      else if (line.event.type === 'switchhook.cdr-digest.v1') digests.push(line.event.data)
      else if (line.event.type !== 'switchhook.cdr.v1') late.push(line.event)
      else if (Number.isNaN(momentSeconds(line.event.data.cdr.start))) await refuse(line.line, 'cdr-time-invalid')
      else {
        const { cdr, raw } = line.event.data
        count[outcomes[await log.put(site, cdr, raw, numbering)]] += 1
        // A duplicate too: the try that stored it may have died before its mark.
        await correctPlacedCall(site, cdr, persisting)
        dirty.add(hourOf(fileCdr(cdr).filed))
      }
    }
  }
  await Promise.all(Array.from({ length: writesAtOnce }, worker))
  await Promise.all([...dirty].map((hour) => hours.mark(site, hour)))
  count.late = late.length
  await updatePlacedCalls(site, late, persisting.placed)
  const passage = { lane: 'records' as const, sentAt: message.sentAt, handledAt: now(), events: late }
  await timeLines.put(site, timeLineEntries([passage]), now())
  // After the rows of the same message: a day that was sent again is held against what it has become.
  for (const digest of digests) await receiveDigest(site, digest, persisting)
  return count
}
