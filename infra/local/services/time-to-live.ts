import { setTimeout as delay } from 'node:timers/promises'
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { sweepExpired, type TimeToLive } from './tables.ts'

/** AWS deletes expired items within a few days. A minute reveals code that relies on them, or on their deletion at once. */
const sweepMs = 60_000

/** Deletes expired items each scaled minute; returns the function that stops it. */
export function startExpiry(
  expiring: readonly TimeToLive[],
  client: DynamoDBClient,
  clockScale: number,
  log: Log,
): () => Promise<void> {
  const stopping = new AbortController()
  const { signal } = stopping

  async function run(): Promise<void> {
    while (!signal.aborted) {
      await delay(sweepMs / clockScale, undefined, { signal, ref: false })
      for (const table of expiring) {
        const deleted = await sweepExpired(client, table, Date.now())
        if (deleted > 0) log('items-expired', { table: table.tableName, deleted })
      }
    }
  }
  const running =
    expiring.length === 0
      ? Promise.resolve()
      : run().catch((error: unknown) => {
          if (!signal.aborted) log('expiry-failed', { error: messageOf(error) })
        })
  return () => {
    stopping.abort()
    return running
  }
}
