import { BatchWriteCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { fileCdr } from '../functions/domain/filing.ts'
import { listCdrs } from '../functions/http/cdrs/list-cdrs.ts'
import { CallLogStore, type LogRow } from '../functions/stores/call-log.ts'
import { CdrStore, lane, partyKey } from '../functions/stores/cdrs.ts'
import { keys } from '../functions/stores/table.ts'
import { officeCall } from '../test/support/busy-office.ts'
import { startTables, type TestTables } from '../test/support/tables.ts'
import { type Figure, median } from './figure.ts'

const numbering = { country: 'FR' } as const
const small = 1_000
const pages = 60
const put = 300
/** DynamoDB's limit of a BatchWrite, and batches under way at once. */
const [batchItems, batchesAtOnce] = [25, 8]

/** `npm run bench -- call-log [--rows 20000]`: a page of 50 rows over few and many, what it reads, and what a put costs. */
export async function measure(args: string[]): Promise<Figure[]> {
  const at = args.indexOf('--rows')
  const rows = at < 0 ? 20_000 : Number(args[at + 1])
  await using tables = await startTables()
  await fill(tables, 'few', small)
  await fill(tables, 'many', rows)
  const few = await pageMs(tables, 'few', small)
  const many = await pageMs(tables, 'many', rows)
  const log = new CallLogStore(tables.db, tables.table)
  const span = { from: '2026-11-01T00:00:00Z', to: '2026-11-30T00:00:00Z', newestFirst: true }
  const byTime = await log.byTime('many', '2026-11', span, 50)
  const byParty = await log.byParty('many', 'caller', '2026-11', '60', span, 50)
  const puts = await putsPerSecond(tables)
  const same = 'at most 1.3'
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
    {
      name: 'read by time',
      value: byTime.bytes / bytesOf(byTime.rows),
      unit: '',
      target: same,
      ratioTo: 'the bytes returned',
    },
    {
      name: 'read by party',
      value: byParty.bytes / bytesOf(byParty.rows),
      unit: '',
      target: same,
      ratioTo: 'the bytes returned',
    },
    {
      name: 'CDRs stored',
      value: puts.cdrs,
      unit: '/s',
      ratioTo: `${puts.bare.toFixed(0)} bare conditional puts a second, a third of which is the most`,
    },
    {
      name: 'share of the most',
      value: (3 * puts.cdrs) / puts.bare,
      unit: '',
      target: 'at least 0.8',
      ratioTo: 'bare conditional puts',
    },
  ]
}

async function fill({ db, table }: TestTables, site: string, count: number): Promise<void> {
  const cdrs = Array.from({ length: count }, (_, n) => officeCall(n)[0]).filter((cdr) => cdr !== undefined)
  const items = cdrs.flatMap((cdr) => {
    const { month, row } = fileCdr(cdr)
    const time = { pk: keys.timeRows(site, month, lane), sk: row, cdr, a: cdr.src, b: cdr.dst }
    return [time, { ...time, pk: keys.callerRows(site, month), sk: partyKey(cdr.src, row) }]
  })
  const left = Array.from({ length: Math.ceil(items.length / batchItems) }, (_, n) => n).values()
  const worker = async () => {
    for (const n of left) {
      const some = items.slice(n * batchItems, (n + 1) * batchItems)
      await db.send(
        new BatchWriteCommand({ RequestItems: { [table]: some.map((Item) => ({ PutRequest: { Item } })) } }),
      )
    }
  }
  await Promise.all(Array.from({ length: batchesAtOnce }, worker))
}

/** p50 of pages that begin all over the log. */
async function pageMs(tables: TestTables, site: string, rows: number): Promise<number> {
  const log = new CallLogStore(tables.db, tables.table)
  const listing = { log, cursorKey: 'k'.repeat(32), now: Date.now, numbering }
  const times: number[] = []
  for (let n = 0; n < pages; n += 1) {
    const to = officeCall(Math.floor(((n + 1) / pages) * (rows - 1)))[0]?.start.replace('+0000', 'Z')
    const started = performance.now()
    await listCdrs(site, { from: '2026-11-23T00:00:00Z', to, limit: 50 }, listing)
    times.push(performance.now() - started)
  }
  return median(times)
}

function bytesOf(rows: readonly LogRow[]): number {
  return Buffer.byteLength(JSON.stringify(rows))
}

async function putsPerSecond({ db, table }: TestTables): Promise<{ cdrs: number; bare: number }> {
  const store = new CdrStore(db, table)
  const time = async (count: number, act: (n: number) => Promise<unknown>) => {
    const started = performance.now()
    const left = Array.from({ length: count }, (_, n) => n).values()
    const worker = async () => {
      for (const n of left) await act(n)
    }
    await Promise.all(Array.from({ length: 25 }, worker))
    return (count * 1000) / (performance.now() - started)
  }
  const cdr = (n: number) => officeCall(10 * n)[0] ?? officeCall(0)[0]
  const ConditionExpression = 'attribute_not_exists(pk)'
  const bare = await time(3 * put, (n) =>
    db.send(
      new PutCommand({ TableName: table, Item: { pk: 'bare', sk: String(n), cdr: cdr(n) }, ConditionExpression }),
    ),
  )
  const cdrs = await time(put, async (n) => {
    const one = cdr(n)
    if (one) await store.put('puts', one, undefined, numbering)
  })
  return { cdrs, bare }
}
