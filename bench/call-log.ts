import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { listCdrs } from '../functions/http/cdrs/list-cdrs.ts'
import { importCdrs } from '../functions/http/imports/import-cdrs.ts'
import { CallLogStore, type LogRow } from '../functions/stores/call-log.ts'
import { CdrStore } from '../functions/stores/cdrs.ts'
import { DirtyHourStore } from '../functions/stores/dirty-hours.ts'
import { officeCall } from '../test/support/busy-office.ts'
import { makeCdr } from '../test/support/cdrs.ts'
import { countWrites } from '../test/support/count-writes.ts'
import { fillDisk } from '../test/support/fill-disk.ts'
import { fillRows } from '../test/support/fill-rows.ts'
import { startTables, type TestTables } from '../test/support/tables.ts'
import { type Figure, median } from './figure.ts'

const numbering = { country: 'FR' } as const
const small = 1_000
const pages = 60
/** Rows of one request to the import's route. */
const importRows = 500
/** Measured in turns, so that a busy moment of the machine strikes both sides. */
const turns = 5
const same = 'at most 1.3'

/**
 * `npm run bench -- call-log [--rows 1000000]`: a page of 50 rows over few and many, what it reads, and what an import
 * writes. `--disk FOLDER` keeps the rows in files: a million of them are 2 GB.
 */
export async function measure(args: string[]): Promise<Figure[]> {
  const option = (name: string) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined)
  const rows = Number(option('--rows') ?? 20_000)
  const folder = option('--disk')
  if (folder !== undefined) await prefill(folder, rows)
  await using tables = await startTables({ folder, kept: 'bench' })
  const bytes = countReads(tables)
  const imported = await importRates(tables)
  await fillRows(tables, 'few', small)
  if (folder === undefined) await fillRows(tables, 'many', rows)
  const { few, many } = await pageMs(tables, rows)
  const log = new CallLogStore(tables.db, tables.table)
  const span = { from: '2026-11-01T00:00:00Z', to: '2026-11-30T00:00:00Z', newestFirst: true }
  const read = async (name: string, look: () => Promise<readonly LogRow[]>): Promise<Figure> => {
    const before = bytes.read
    const found = await look()
    const value = (bytes.read - before) / Buffer.byteLength(JSON.stringify(found))
    return { name: `read ${name}, ${found.length} rows`, value, unit: '', target: same, ratioTo: 'the bytes returned' }
  }
  const linkedid = await fillCall(tables)
  return [
    { name: `page of 50 by time, ${small} rows`, value: few, unit: 'ms' },
    { name: `page of 50 by time, ${rows} rows`, value: many, unit: 'ms' },
    {
      name: 'page by time, many to few',
      value: many / few,
      unit: '',
      target: same,
      ratioTo: `the page over ${small} rows`,
    },
    await read('by time', async () => (await log.byTime('many', '2026-11', span, 50)).rows),
    await read('by party', async () => (await log.byParty('many', 'caller', '2026-11', '60', span, 50)).rows),
    await read('by linkedid', () => log.legs('many', linkedid)),
    ...(await costs(tables, async () => {
      const before = bytes.read
      await log.byTime('many', '2026-11', span, 50)
      return (bytes.read - before) / 8192
    })),
    { name: 'rows imported', value: imported.rows, unit: '/s' },
    {
      name: "import's puts",
      value: imported.puts / imported.bare,
      unit: '',
      target: 'at least 0.8',
      ratioTo: `${imported.bare.toFixed(0)} bare conditional puts a second`,
    },
  ]
}

/** Into the files of an emulator that is not running. */
async function prefill(folder: string, rows: number): Promise<void> {
  const made = await startTables({ folder, kept: 'bench' })
  await made[Symbol.asyncDispose]()
  await fillDisk(folder, 'bench', 'many', rows)
}

/** Bytes that DynamoDB bills for what it reads: 8 KB a unit, 4 KB where the read is consistent. */
function countReads({ db }: TestTables): { read: number } {
  const count = { read: 0 }
  db.middlewareStack.add(
    (next, context) => async (args) => {
      if (context['commandName'] !== 'QueryCommand') return next(args)
      const input = Object.assign(args.input, { ReturnConsumedCapacity: 'TOTAL' }) as { ConsistentRead?: boolean }
      const result = await next(args)
      const { ConsumedCapacity } = result.output as { ConsumedCapacity?: { CapacityUnits?: number } }
      count.read += (ConsumedCapacity?.CapacityUnits ?? 0) * (input.ConsistentRead ? 4096 : 8192)
      return result
    },
    { step: 'initialize', priority: 'high' },
  )
  return count
}

/** p50 of pages that begin all over the log, over few rows and many in turns. */
async function pageMs(tables: TestTables, rows: number): Promise<{ few: number; many: number }> {
  const log = new CallLogStore(tables.db, tables.table)
  const startOf = (call: number) => officeCall(call)[0]?.start.replace('+0000', 'Z')
  // The log reaches beyond today, and a search beyond tomorrow is refused.
  const now = () => Date.parse(startOf(rows) ?? '')
  const listing = { log, cursorKey: 'k'.repeat(32), now, numbering, personal: true }
  const page = async (site: string, count: number, part: number) => {
    const to = startOf(Math.floor(part * (count - 1)))
    const started = performance.now()
    await listCdrs(site, { from: '2026-11-23T00:00:00Z', to, limit: 50 }, listing)
    return performance.now() - started
  }
  const times = { few: [] as number[], many: [] as number[] }
  for (let n = 0; n <= pages; n += 1) {
    const part = Math.max(1, n) / pages
    const [few, many] = [await page('few', small, part), await page('many', rows, part)]
    // The first pair warms up.
    if (n > 0) times.few.push(few)
    if (n > 0) times.many.push(many)
  }
  return { few: median(times.few), many: median(times.many) }
}

/** On demand, us-east-1, dollars a unit. */
const [writeUnitPrice, readUnitPrice] = [0.625e-6, 0.125e-6]

/** What 480 CDRs in messages of 20 cost through the code that stores them, and what a page of them does: counted units. */
async function costs(tables: TestTables, pageUnits: () => Promise<number>): Promise<Figure[]> {
  const { rows, marks } = await countWrites(tables, 480, 20)
  return [
    { name: 'write units a CDR', value: rows / 480, unit: '', target: 'at most 3' },
    { name: 'write units of marks, a message of 20', value: marks / 24, unit: '' },
    { name: 'a million CDRs stored', value: (rows / 480) * 1e6 * writeUnitPrice, unit: '$' },
    { name: 'their marks, 20 CDRs a message', value: (marks / 480) * 1e6 * writeUnitPrice, unit: '$' },
    { name: 'a million pages of 50 rows', value: 1e6 * (await pageUnits()) * readUnitPrice, unit: '$' },
  ]
}

/** A call of 40 legs, as a queue with many agents makes them. */
async function fillCall({ db, table }: TestTables): Promise<string> {
  const store = new CdrStore(db, table)
  const first = makeCdr(7)
  for (let leg = 0; leg < 40; leg += 1)
    await store.put('many', { ...first, sequence: 5_000 + leg }, undefined, numbering)
  return first.linkedid
}

/** Rows a second of the import's own code, and the conditional puts that the store does by itself; both 25 at once. */
async function importRates({ db, table }: TestTables): Promise<{ rows: number; puts: number; bare: number }> {
  const stores = {
    cdrs: new CdrStore(db, table),
    log: new CallLogStore(db, table),
    hours: new DirtyHourStore(db, table),
    numbering,
    now: Date.UTC(2026, 10, 24),
  }
  const rates = { rows: [] as number[], puts: [] as number[], bare: [] as number[] }
  for (let turn = 0; turn < turns; turn += 1) {
    const cdrs = Array.from({ length: importRows }, (_, n) => officeCall(turn * importRows + n)[0] ?? makeCdr(n))
    const puts = cdrs.reduce((sum, { src, dst }) => sum + 1 + (src ? 1 : 0) + (dst ? 1 : 0), 0)
    const bareMs = await bareMsOf({ db, table }, turn, cdrs, puts)
    const started = performance.now()
    await importCdrs(
      'import',
      cdrs.map((cdr) => ({ cdr, keyed: true })),
      stores,
    )
    const ms = performance.now() - started
    rates.rows.push((importRows * 1000) / ms)
    rates.puts.push((puts * 1000) / ms)
    rates.bare.push((puts * 1000) / bareMs)
  }
  return { rows: median(rates.rows), puts: median(rates.puts), bare: median(rates.bare) }
}

async function bareMsOf(
  { db, table }: Pick<TestTables, 'db' | 'table'>,
  turn: number,
  cdrs: readonly object[],
  puts: number,
): Promise<number> {
  const started = performance.now()
  const left = Array.from({ length: puts }, (_, n) => n).values()
  const ConditionExpression = 'attribute_not_exists(pk)'
  const worker = async () => {
    for (const n of left) {
      const Item = { pk: 'bare', sk: `${turn}#${n}`, cdr: cdrs[n % cdrs.length] }
      await db.send(new PutCommand({ TableName: table, Item, ConditionExpression }))
    }
  }
  await Promise.all(Array.from({ length: 25 }, worker))
  return performance.now() - started
}
