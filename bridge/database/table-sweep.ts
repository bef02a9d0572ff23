import { createHash } from 'node:crypto'
import type { Bucket, CdrTable } from './cdr-table.ts'
import type { SentLedger } from './sent-ledger.ts'
import { finer, type Level, rangeOf, type TimeRange } from './time-prefix.ts'

/** Rows of one batch: 1 MB, or three bodies of 64 KiB. */
const pageRows = 2000
/** An hour or a minute that was sent in part and has more rows than this is read by minutes or seconds: a query costs less than rows. */
const rowsUndivided = 100
/** Rows remembered one by one, so that a minute in which calls are added is not sent again: 6 MB. */
const rowsKnownMax = 50_000

/** Rows that were sent, by their content. A row that is there twice counts as one, as it does in the cloud. */
export class KnownRows {
  readonly #hashes = new Set<string>()

  /** Returns the rows that are not known, each once. They are known once `add` was called. */
  fresh(rows: readonly Buffer[]): Buffer[] {
    const found = new Map(rows.map((row) => [hashOf(row), row]))
    return [...found].flatMap(([hash, row]) => (this.#hashes.has(hash) ? [] : [row]))
  }

  add(rows: readonly Buffer[]): void {
    for (const row of rows) this.#hashes.add(hashOf(row))
    for (const hash of this.#hashes) {
      if (this.#hashes.size <= rowsKnownMax) break
      this.#hashes.delete(hash)
    }
  }
}

function hashOf(row: Buffer): string {
  return createHash('sha1').update(row).digest('base64').slice(0, 16)
}

/** What was sent, and what will have been once the rows that wait are settled. */
export interface Sent {
  ledger: SentLedger
  known: KnownRows
}
type Mark = [prefix: string | null, digest: string]

/**
 * Yields the rows of a range that were not sent, in batches of up to a few thousand. The consumer asks for the next batch only once SQS
 * or the quarantine has the one before; only then are its digests noted.
 */
export async function* sweep(
  table: CdrTable,
  { ledger, known }: Sent,
  level: Level,
  range?: Partial<TimeRange>,
): AsyncGenerator<Buffer[], void> {
  const marks: Mark[] = []
  const reading = compare({ table, ledger, known, marks }, level, range)
  for (let waiting: Buffer[] = []; ; ) {
    const { done, value } = await reading.next()
    if (!done) waiting.push(...value)
    if (!done && waiting.length < pageRows) continue
    if (waiting.length > 0) yield waiting
    known.add(waiting)
    waiting = []
    for (const [prefix, digest] of marks.splice(0)) ledger.set(prefix, digest)
    if (done) return
  }
}

interface Comparison extends Sent {
  table: CdrTable
  marks: Mark[]
}

/**
 * Yields rows bucket by bucket. A digest is marked only after all rows that made it were yielded: fewer rows than it counted, as
 * from a replica that is behind, leave it to the next sweep. Returns how many rows need no further look.
 */
async function* compare(
  comparison: Comparison,
  level: Level,
  range?: Partial<TimeRange>,
): AsyncGenerator<Buffer[], number> {
  const { table, ledger, marks } = comparison
  let settled = 0
  for (const bucket of await table.buckets(level, range)) {
    if (ledger.has(bucket.prefix, bucket.digest)) settled += bucket.rows
    else {
      const inner = innerOf(bucket, level, ledger)
      const found = inner
        ? yield* compare(comparison, inner.level, inner.range)
        : yield* readBucket(comparison, bucket, level)
      if (found >= bucket.rows) marks.push([bucket.prefix, bucket.digest])
      settled += Math.min(found, bucket.rows)
    }
  }
  return settled
}

/** How a bucket is divided; undefined if its rows are read. */
function innerOf(
  { prefix, rows }: Bucket,
  level: Level,
  ledger: SentLedger,
): { level: Level; range: TimeRange } | undefined {
  const range = prefix === null ? undefined : rangeOf(prefix)
  const inner = finer(level)
  if (!range || !inner) return undefined
  // Of what was sent in part, most rows are known. A day always is divided: the sweeps of the last days compare hours.
  const isDivided = level === 10 || rows > pageRows || (rows > rowsUndivided && ledger.knows(prefix))
  return isDivided ? { level: inner, range } : undefined
}

async function* readBucket(
  { table, known }: Comparison,
  { prefix }: Bucket,
  level: Level,
): AsyncGenerator<Buffer[], number> {
  let offset = 0
  for (;;) {
    const page = await table.rows(prefix, level, { offset, limit: pageRows })
    offset += page.length
    const fresh = known.fresh(page.map((row) => Buffer.from(JSON.stringify(row))))
    if (fresh.length > 0) yield fresh
    if (page.length < pageRows) return offset
  }
}
