import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { persistRecords } from '../../functions/queues/persist-records/persist-records.ts'
import { CdrStore } from '../../functions/stores/cdrs.ts'
import { DirtyHourStore } from '../../functions/stores/dirty-hours.ts'
import { PlacedCallStore } from '../../functions/stores/placed-calls.ts'
import { RemovalStore } from '../../functions/stores/removals.ts'
import { TimeLineStore } from '../../functions/stores/time-lines.ts'
import { VerifiedDayStore } from '../../functions/stores/verified-days.ts'
import { makeCdr } from './cdrs.ts'
import { cdrEvent } from './facts.ts'

/** Write units of stored CDRs: those of their rows, and those of dirty marks. */
export interface WriteUnits {
  rows: number
  marks: number
}

/** Stores `count` CDRs in messages of `perMessage`, like the function, and returns the write units that the emulator reports. */
export async function countWrites(
  { db, table }: { db: DynamoDBDocumentClient; table: string },
  count: number,
  perMessage: number,
): Promise<WriteUnits> {
  const units: WriteUnits = { rows: 0, marks: 0 }
  const name = 'count-writes'
  db.middlewareStack.add(
    (next, context) => async (args) => {
      if (context['commandName'] !== 'PutItemCommand') return next(args)
      const input = Object.assign(args.input, { ReturnConsumedCapacity: 'TOTAL' }) as { Item?: { pk?: unknown } }
      const kind = JSON.stringify(input.Item?.pk).includes('DIRTY#') ? 'marks' : 'rows'
      const result = await next(args)
      const { ConsumedCapacity } = result.output as { ConsumedCapacity?: { CapacityUnits?: number } }
      units[kind] += ConsumedCapacity?.CapacityUnits ?? 0
      return result
    },
    { step: 'initialize', priority: 'high', name },
  )
  const site = 'counted'
  const persisting = {
    log: new CdrStore(db, table),
    hours: new DirtyHourStore(db, table),
    timeLines: new TimeLineStore(db, table),
    placed: new PlacedCallStore(db, table),
    days: new VerifiedDayStore(db, table),
    removals: new RemovalStore(db, table),
    deadLetters: { put: async () => undefined },
    settle: async () => undefined,
    numberingOf: async () => ({ country: 'FR' as const, retentionDays: 365 }),
    now: Date.now,
  }
  for (let from = 0; from < count; from += perMessage) {
    const lines = Array.from({ length: Math.min(perMessage, count - from) }, (_, line) => {
      return { line, event: cdrEvent(site, makeCdr(from + line)) }
    })
    await persistRecords({ messageId: String(from), body: '', site, key: 'k', lines, sentAt: 0 }, persisting)
  }
  db.middlewareStack.remove(name)
  return units
}
