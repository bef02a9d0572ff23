import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb'
import { fileCdr } from '../../functions/domain/filing.ts'
import { lane, partyKey } from '../../functions/stores/cdrs.ts'
import { keys } from '../../functions/stores/table-keys.ts'
import { officeCall } from './busy-office.ts'
import type { TestTables } from './tables.ts'

/** DynamoDB's limit of a BatchWriteItem, and the number of concurrent batches. */
const [batchItems, batchesAtOnce] = [25, 8]

/** Returns time and caller row of the first CDR of the nth call. */
export function rowsOf(site: string, n: number): Record<string, unknown>[] {
  const [cdr] = officeCall(n)
  if (!cdr) return []
  const { month, row } = fileCdr(cdr)
  const time = { pk: keys.timeRows(site, month, lane), sk: row, cdr, a: cdr.src, b: cdr.dst }
  return [time, { ...time, pk: keys.callerRows(site, month), sk: partyKey(cdr.src, row) }]
}

/** Writes the first CDR of each of `count` calls as time and caller rows, faster than the product does. */
export async function fillRows({ db, table }: TestTables, site: string, count: number): Promise<void> {
  const callsPerBatch = Math.floor(batchItems / 2)
  let next = 0
  const worker = async () => {
    while (next < count) {
      const calls = Array.from({ length: Math.min(callsPerBatch, count - next) }, (_, n) => next + n)
      next += calls.length
      const items = calls.flatMap((n) => rowsOf(site, n))
      await db.send(
        new BatchWriteCommand({ RequestItems: { [table]: items.map((Item) => ({ PutRequest: { Item } })) } }),
      )
    }
  }
  await Promise.all(Array.from({ length: batchesAtOnce }, worker))
}
