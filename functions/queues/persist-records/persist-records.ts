import type { SQSRecord } from 'aws-lambda'
import type { Cdr } from '../../../contracts/cdr.ts'
import type { CdrDigest } from '../../../contracts/cdr-digest.ts'
import { doubtOf } from '../../../contracts/cdr-row/doubt.ts'
import type { BridgeEvent, ErasedEvent } from '../../../contracts/events.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { TimeLineEntry } from '../../../contracts/time-line.ts'
import { isPlacedCall } from '../../domain/calls/placed.ts'
import { fileCdr, hourOf, isFileable } from '../../domain/filing.ts'
import type { Numbering } from '../../domain/phone-number.ts'
import { timeLineEntries } from '../../domain/time-line.ts'
import { describeError, logOutcome } from '../../log.ts'
import type { PutOutcome } from '../../stores/cdrs.ts'
import type { RemovalStore } from '../../stores/removals.ts'
import { type BridgeKeys, type DeadLetterQueue, type OpenedMessage, openMessage } from '../open-batch.ts'
import { type PlacedCallUpdates, updatePlacedCalls } from '../placed-call-updates.ts'
import { publishFacts, publishRecords, type WebhookEvents } from '../webhook-events.ts'
import { receiveDigest, type VerificationStore } from './receive-digest.ts'

export interface CallLog {
  put(
    site: SiteId,
    cdr: Cdr,
    raw: string | undefined,
    numbering: Numbering,
    doubt: string | undefined,
  ): Promise<PutOutcome>
}
export interface DirtyHours {
  mark(site: SiteId, hour: string): Promise<void>
}
export interface TimeLines {
  put(site: SiteId, byCall: ReadonlyMap<string, readonly TimeLineEntry[]>, now: number): Promise<void>
}
export interface PersistDependencies {
  log: CallLog
  deadLetters: DeadLetterQueue
  hours: DirtyHours
  timeLines: TimeLines
  placed: PlacedCallUpdates
  /** Settles the result of a call by API whose CDRs or end have arrived. */
  settle(site: SiteId, call: string): Promise<unknown>
  days: VerificationStore
  removals: Pick<RemovalStore, 'confirm'>
  /** Gets every CDR and late fact. */
  webhooks?: WebhookEvents
  numberingOf(site: SiteId): Promise<Numbering>
  now: () => number
}
export interface RecordsCount {
  stored: number
  duplicates: number
  /** CDRs whose natural key belongs to another CDR, beside which they are stored. */
  apart: number
  /** CDRs that cannot be true or whole: stored with the reason, counted in no total. */
  doubtful: number
  /** Late facts: they go to the time lines and not to the live state. */
  late: number
  putAside: number
}

/** Concurrent writes: 25 puts of 5 to 10 ms each store a full body of 900 rows in about a second. */
const writesAtOnce = 25

/** Returns true if the message is done; false if SQS has to deliver it again, or move it to the dead-letter queue. */
export async function persistMessage(
  record: SQSRecord,
  { keys, ...dependencies }: PersistDependencies & { keys: BridgeKeys },
): Promise<boolean> {
  try {
    const message = await openMessage(record, keys, dependencies.deadLetters, 'records')
    if (!message) return true
    const count = await persistRecords(message, dependencies)
    logOutcome(count.apart > 0 ? 'warn' : 'info', 'records', { site: message.site, ...count })
    return true
  } catch (error) {
    logOutcome('error', 'records-failed', { messageId: record.messageId, error: describeError(error) })
    return false
  }
}

/**
 * Stores the content of one message: its CDRs, then the marks of their hours, then its late facts. An invalid line goes to
 * the dead-letter queue with its number, and the other lines are stored. Any other failure fails the whole message, and
 * its redelivery finds the rows that are stored already.
 */
export async function persistRecords(message: OpenedMessage, dependencies: PersistDependencies): Promise<RecordsCount> {
  const { log, deadLetters, hours, timeLines, now } = dependencies
  const { site } = message
  const count: RecordsCount = { stored: 0, duplicates: 0, apart: 0, doubtful: 0, late: 0, putAside: 0 }
  const outcomes = { stored: 'stored', duplicate: 'duplicates', apart: 'apart' } as const
  const numbering = await dependencies.numberingOf(site)
  const dirty = new Set<string>()
  const placedCalls = new Set<string>()
  const late: BridgeEvent[] = []
  const digests: CdrDigest[] = []
  const erasures: ErasedEvent['data'][] = []
  const stored: Cdr[] = []
  const lines = message.lines.values()
  const refuse = async (line: number, errorId: string) => {
    await deadLetters.put(message.body, errorId, line)
    count.putAside += 1
  }
  const worker = async () => {
    for (const line of lines) {
      if ('errorId' in line) await refuse(line.line, line.errorId)
      else if (line.event.type === 'switchhook.cdr-digest.v1') digests.push(line.event.data)
      else if (line.event.type === 'switchhook.erased.v1') erasures.push(line.event.data)
      else if (line.event.type !== 'switchhook.cdr.v1') late.push(line.event)
      else if (!isFileable(line.event.data.cdr)) await refuse(line.line, 'cdr-time-invalid')
      else {
        const { cdr, raw, doubt = doubtOf(cdr, now() / 1000) } = line.event.data
        count[outcomes[await log.put(site, cdr, raw, numbering, doubt)]] += 1
        if (doubt !== undefined) count.doubtful += 1
        stored.push(cdr)
        // For duplicates too: the invocation that stored the row may have died before it marked the hour.
        if (isPlacedCall(cdr.linkedid)) placedCalls.add(cdr.linkedid)
        // A doubtful record is in no total, so that none is made for an hour of the future.
        if (doubt === undefined) dirty.add(hourOf(fileCdr(cdr).filed))
      }
    }
  }
  await Promise.all(Array.from({ length: writesAtOnce }, worker))
  await Promise.all([...dirty].map((hour) => hours.mark(site, hour)))
  count.late = late.length
  await updatePlacedCalls(site, late, dependencies.placed)
  for (const event of late)
    if (event.type === 'switchhook.call.v1' && event.data.placed) placedCalls.add(event.data.call)
  for (const call of placedCalls) await dependencies.settle(site, call)
  const passage = { lane: 'records' as const, sentAt: message.sentAt, handledAt: now(), events: late }
  await timeLines.put(site, timeLineEntries([passage]), now())
  // For duplicates too, like the marks. Events are made once, by their ids.
  if (dependencies.webhooks) {
    await publishFacts(site, late, { isBack: false }, dependencies.webhooks)
    await publishRecords(site, stored, dependencies.webhooks)
  }
  // Digests come after the rows of the same message, so that rows that were sent again are part of the comparison.
  for (const digest of digests) await receiveDigest(site, digest, dependencies)
  for (const { erasure, removed } of erasures)
    await dependencies.removals.confirm(site, erasure, message.key, removed, now())
  return count
}
