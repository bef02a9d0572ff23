import { isDeepStrictEqual } from 'node:util'
import { hasMariaDb, startMariaDb } from '../support/mariadb.ts'
import { redeliver, rowsDue } from '../support/redelivery.ts'
import { loadCdrs, sqlTotals } from '../support/sql-totals.ts'
import { startTables } from '../support/tables.ts'

/** Goal: exactly once, at length. Usage: `npm run campaign -- redelivery [calls] [seed]`; 92,000 calls are 100,000 CDRs. */
export async function main([calls = '92000', seed = String(Date.now() % 1_000_000)]: string[]): Promise<void> {
  console.log(`seed ${seed}`)
  await using tables = await startTables()
  const { deliveries, deaths, sent, rows, items, totalCalls } = await redeliver(tables, Number(calls), Number(seed))
  console.log(`${sent.length} CDRs of ${calls} calls, ${deliveries} deliveries, ${deaths} deaths`)
  const byKey = (a: { sequence: number }, b: { sequence: number }) => a.sequence - b.sequence
  if (!isDeepStrictEqual(rows.sort(byKey), sent.sort(byKey)))
    throw new Error(`${rows.length} rows for ${sent.length} CDRs`)
  if (items !== rowsDue(sent)) throw new Error(`${items} rows of all kinds, ${rowsDue(sent)} are due`)
  if (!hasMariaDb) return
  await using sql = await startMariaDb()
  await loadCdrs(sql.db, sent)
  const expected = [...(await sqlTotals(sql.db)).values()].reduce((sum, { calls }) => sum + calls, 0)
  if (totalCalls !== expected) throw new Error(`totals count ${totalCalls} calls, SQL ${expected}`)
  console.log(`rows and totals equal: ${expected} calls`)
}
