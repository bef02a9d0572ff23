import { isDeepStrictEqual } from 'node:util'
import { documentClientOver, MemoryTable } from '../simulate/presence/table.ts'
import { hasMariaDb, startMariaDb } from '../support/mariadb.ts'
import { type Ground, redeliver, redeliveredSite, rowsDue } from '../support/redelivery.ts'
import { compareLines, lineStats } from '../support/sql-lines.ts'
import { loadCdrs, sqlTotals } from '../support/sql-totals.ts'
import { startTables } from '../support/tables.ts'
import { countsOfHour } from '../support/total-counts.ts'

const usage = 'npm run campaign -- redelivery [--calls 94400] [--seed N] [--store memory|embedded]'

/**
 * Goal: 94,400 calls with 100,000 CDRs are stored exactly once.
 * Method: the functions' own code with a store that fails at any request. `memory` is the simulator's table, which a test
 * compares with the emulator; `embedded` is the emulator itself, for shorter runs.
 */
export async function main(args: string[]): Promise<void> {
  const options = new Map(args.flatMap((arg, n) => (arg.startsWith('--') ? [[arg.slice(2), args[n + 1] ?? '']] : [])))
  const { calls = '94400', seed = String(Date.now() % 1_000_000), store = 'memory' } = Object.fromEntries(options)
  if (!['memory', 'embedded'].includes(store)) throw new Error(usage)
  console.log(`seed ${seed}, store ${store}`)
  await using tables = store === 'embedded' ? await startTables() : undefined
  const done = await redeliver(tables ?? inMemory(), Number(calls), Number(seed))
  const { deliveries, struck, deadLetters, redriveRounds, sent, rows, items } = done
  console.log(`${sent.length} CDRs of ${calls} calls, ${deliveries} messages of 25, struck: ${JSON.stringify(struck)}`)
  console.log(`${deadLetters} dead letters, none after ${redriveRounds} redrives`)
  const byKey = (a: { sequence: number }, b: { sequence: number }) => a.sequence - b.sequence
  if (!isDeepStrictEqual(rows.sort(byKey), sent.sort(byKey)))
    throw new Error(`${rows.length} rows for ${sent.length} CDRs`)
  if (items !== rowsDue(sent)) throw new Error(`${items} rows of all kinds, ${rowsDue(sent)} are due`)
  console.log(`each CDR once: ${items} rows, as many as are due`)
  if (!hasMariaDb) throw new Error('the totals are held against those of MariaDB: apt-get install mariadb-server')
  await using sql = await startMariaDb()
  await loadCdrs(sql.db, sent)
  const expected = await sqlTotals(sql.db)
  let count = 0
  for (const [hour, figures] of expected) {
    const total = await countsOfHour(done.totals, redeliveredSite, hour)
    for (const [name, value] of Object.entries(figures)) {
      if (total[name] !== value) throw new Error(`${hour} ${name}: the total is ${total[name]}, SQL says ${value}`)
    }
    count += figures.calls
  }
  console.log(`totals of ${expected.size} hours equal SQL's, figure by figure: ${count} calls`)
  const starts = sent.map(({ start }) => start.slice(0, 10)).sort()
  const days = lineStats(done.totals, redeliveredSite, starts[0] ?? '', starts.at(-1) ?? '')
  console.log(`totals of ${await compareLines(sql.db, days)} extensions and trunks equal SQL's`)
}

function inMemory(): Ground {
  const memory = new MemoryTable()
  const db = documentClientOver(async (command) => memory.carryOut(command))
  return { db, table: 'memory', items: async () => memory.items() }
}
