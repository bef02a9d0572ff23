import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ExportFiles } from '../../functions/gateways/export-files.ts'
import { exportCdrs } from '../../functions/http/exports/export-cdrs.ts'
import { newJob } from '../../functions/http/exports/request-export.ts'
import { type WriteExportsDependencies, writeExports } from '../../functions/queues/write-exports/write-export.ts'
import { CallLogStore } from '../../functions/stores/call-log.ts'
import { CdrStore } from '../../functions/stores/cdrs.ts'
import { ExportJobStore } from '../../functions/stores/export-jobs.ts'
import { documentClientOver, MemoryTable } from '../simulate/presence/table.ts'
import { startBucket, type TestBucket } from '../support/bucket.ts'
import { makeCdr } from '../support/cdrs.ts'
import { Process } from '../support/killed-writes.ts'
import { startTables, type TestTables } from '../support/tables.ts'

/**
 * Goal: an export has every row once, wherever the function that writes it dies.
 * Method: a function is killed before its nth write to table or bucket, for every n; then the next invocations continue.
 */
const rows = 2_600
const now = Date.UTC(2026, 11, 31)
const query = {
  format: 'jsonl' as const,
  order: 'oldest' as const,
  from: '2026-11-01T00:00:00Z',
  to: '2026-12-31T00:00:00Z',
}
/** Rows of 4 KB, so that some thousand fill S3's parts of 5 MiB. They are in memory, so that reads are quick. */
const memory = new MemoryTable()
const log = documentClientOver(async (command) => memory.carryOut(command))
let folder: string
let tables: TestTables
let bucket: TestBucket
let expected: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'export-job-'))
  tables = await startTables()
  bucket = await startBucket(folder)
  const cdrs = Array.from({ length: rows }, (_, n) => makeCdr(n, { userfield: 'long'.repeat(1_000) }))
  const filling = new CdrStore(log, tables.table)
  for (const cdr of cdrs) await filling.put('long', cdr, undefined, { country: 'FR' })
  expected = cdrs.map((cdr) => `${JSON.stringify(cdr)}\n`).join('')
})
afterAll(async () => {
  await tables[Symbol.asyncDispose]()
  await bucket[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

const store = (db = tables.db) => new ExportJobStore(db, tables.table, () => now)

/** Runs one invocation in a process that may be killed. */
async function run(
  process = new Process(Number.POSITIVE_INFINITY),
  over: Partial<WriteExportsDependencies> = {},
): Promise<void> {
  const files = new ExportFiles(bucket.bucket, bucket.client)
  const listing = {
    log: new CallLogStore(log, tables.table),
    cursorKey: 'k'.repeat(32),
    numbering: { country: 'FR', zone: 'Europe/Paris', language: 'fr' } as const,
    now: () => now,
  }
  const counted =
    <A extends unknown[], R>(write: (...args: A) => Promise<R>) =>
    (...args: A) => {
      process.write()
      return write(...args)
    }
  await writeExports({
    jobs: store(process.over(tables.db)),
    files: {
      begin: counted(files.begin.bind(files)),
      putPart: counted(files.putPart.bind(files)),
      complete: counted(files.complete.bind(files)),
    },
    read: (job, search) => exportCdrs(job.site, search, { ...listing, personal: true, show: (cdr) => cdr }),
    isOver: () => false,
    now,
    ...over,
  })
}

test('if the function is killed before any one of its writes, the next invocation completes the export with each row once', async () => {
  let kills = 0
  for (let writes = 0; writes < 20; writes += 1) {
    const job = newJob('long', query, true, now, `kill-${writes}`)
    await store().create(job)
    const dying = new Process(writes)
    await run(dying)
    if (dying.isKilled) {
      kills += 1
      await run()
    }
    const done = await store().get('long', job.id)
    expect(done, `${writes} writes`).toMatchObject({ state: 'done', rows, bytes: Buffer.byteLength(expected) })
    expect(done?.parts.length).toBeGreaterThan(1)
    expect((await bucket.read(job.file)) === expected, `${writes} writes`).toBe(true)
    if (!dying.isKilled) break
  }
  // Start, two parts, completion, a save after each, and the removal from the list.
  expect(kills).toBe(9)
})

test('continues an export in the next invocation, and two concurrent invocations write one file', async () => {
  const job = newJob('long', query, true, now, 'slow')
  await store().create(job)
  let parts = 0
  await run(undefined, { isOver: () => parts++ >= 2 })
  expect(await store().get('long', job.id)).toMatchObject({ state: 'running' })
  await Promise.all([run(), run()])
  await run()
  expect(await store().get('long', job.id)).toMatchObject({ state: 'done', rows })
  expect((await bucket.read(job.file)) === expected).toBe(true)
})

test('an invocation that finds too few rows for a part keeps them, and the next one goes on behind them', async () => {
  const job = newJob('long', query, true, now, 'sparse')
  await store().create(job)
  let invocations = 0
  while ((await store().get('long', job.id))?.state === 'running' && invocations < 20) {
    invocations += 1
    let asked = 0
    // Time for one read: its rows do not fill a part.
    await run(undefined, { isOver: () => asked++ >= 2 })
  }
  expect(invocations).toBeGreaterThan(2)
  expect(await store().get('long', job.id)).toMatchObject({ state: 'done', rows })
  expect((await bucket.read(job.file)) === expected).toBe(true)
})

test('begins an export again if its cursor is one of an earlier version', async () => {
  const job = { ...newJob('long', query, true, now, 'upgraded'), cursor: 'earlier', upload: 'begun', rows: 7 }
  await store().create(job)
  await run()
  await run()
  expect(await store().get('long', job.id)).toMatchObject({ state: 'done', rows })
  expect((await bucket.read(job.file)) === expected).toBe(true)
})

test('does not start an export before its notBefore time', async () => {
  const job = { ...newJob('long', query, true, now, 'later'), notBefore: now + 1 }
  await store().create(job)
  await run()
  expect(await store().get('long', job.id)).toMatchObject(job)
  await run(undefined, { now: now + 1 })
  expect((await store().get('long', job.id))?.state).toBe('done')
})

test('starts an export again if S3 no longer has its unfinished upload', async () => {
  const job = { ...newJob('long', query, true, now, 'lost'), upload: 'gone', parts: ['"x"'], rows: 7, bytes: 7 }
  await store().create(job)
  await run()
  await run()
  expect(await store().get('long', job.id)).toMatchObject({ state: 'done', rows })
  expect((await bucket.read(job.file)) === expected).toBe(true)
})

test('writes a CSV file with only the header line if an export has no rows', async () => {
  const job = newJob('empty', { format: 'csv' }, true, now, 'none')
  await store().create(job)
  await run()
  expect(await bucket.read(job.file)).toMatch(/^accountcode,src,dst,.*,sequence\r\n$/)
})
