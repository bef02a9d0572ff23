import { describe, expect, test } from 'vitest'
import { SentLedger } from '../../bridge/database/sent-ledger.ts'
import { TableFollower } from '../../bridge/database/table-follower.ts'
import { rangeOf } from '../../bridge/database/time-prefix.ts'
import { cdrFormat, readCdrRecord } from '../../bridge/normalise/cdr-record.ts'
import type { CounterId } from '../../bridge/operate/metrics/counter-catalogue.ts'
import { Random } from '../support/random.ts'
import { SimulatedTable } from '../support/simulated-table.ts'

/**
 * Goal: every row of a table is sent, however late it comes, and none twice while the bridge runs.
 * Method: a SIMULATED table and clock; rows come late, out of order and doubled, connections are lost, the bridge is killed.
 */

const nowMs = Date.UTC(2026, 10, 24, 12)
/** After this long without a new row, everything must have been found: the whole table is compared every six hours. */
const quietMsMax = 7 * 3_600_000

const nothing: () => void = () => undefined

/** Waits of the simulated clock are this long at least, where only the end is of interest. */
const stepMs = 1_200_000

const row = (n: number, calldate: string | null) => ({
  calldate,
  src: '60',
  dst: '61',
  channel: 'PJSIP/60-1',
  duration: n % 50,
  billsec: n % 40,
  disposition: 'ANSWERED',
  uniqueid: `1790000000.${n}`,
  linkedid: `1790000000.${n}`,
  sequence: n,
})
const at = (msAgo: number) => new Date(nowMs - msAgo).toISOString().slice(0, 19).replace('T', ' ')

/** A disk with one file, in memory. */
function memoryDisk() {
  let content: Buffer | undefined
  return {
    read: async () => content ?? Promise.reject(Object.assign(new Error('no file'), { code: 'ENOENT' })),
    replace: async (_path: string, bytes: Uint8Array) => {
      content = Buffer.from(bytes)
    },
  }
}

class Site {
  readonly table = new SimulatedTable()
  readonly disk = memoryDisk()
  readonly counted: CounterId[] = []
  /** Every row that was sent, as often as it was. */
  sent: string[] = []
  #monotonicMs = 0
  clockMs = nowMs
  since: string | undefined

  /** Runs a bridge until nothing new was found for hours; `kill` says after which number of batches it dies, before it settles the last. */
  async run({
    kill = Number.POSITIVE_INFINITY,
    quietMs = quietMsMax,
    onBatch = nothing,
    stepMs = 0,
  } = {}): Promise<void> {
    const stop = new AbortController()
    let lastMs = this.#monotonicMs
    const after = (ms: number, call: () => void) => {
      this.#monotonicMs += Math.max(ms, stepMs)
      if (this.#monotonicMs - lastMs > quietMs) stop.abort()
      queueMicrotask(call)
      return () => undefined
    }
    const clock = { nowMs: () => this.clockMs, monotonicMs: () => this.#monotonicMs, after, random: () => 1 }
    const follower = new TableFollower({
      name: 'the table cdr',
      connect: async () => this.table.connect(),
      ledger: new SentLedger('/state', 'cdr', { ...this.disk }),
      zone: 'UTC',
      since: this.since,
      clock,
      onCount: (id) => this.counted.push(id),
    })
    await follower.open()
    for (let batches = 1; ; batches += 1) {
      const batch = await follower.next(stop.signal)
      if (!batch) break
      if (batches >= kill) return
      lastMs = this.#monotonicMs
      this.sent.push(...batch.lines.map(({ bytes }) => bytes.toString()))
      await follower.commit(batch.position)
      onBatch()
    }
    await follower.close()
  }

  get distinct(): string[] {
    return [...new Set(this.sent)].sort()
  }

  get expected(): string[] {
    return [...new Set(this.table.rows.map((one) => JSON.stringify(one)))].sort()
  }
}

test.each([1, 2, 3, 4])(
  'sends every row of a simulated table in spite of late, doubled and out-of-order rows (seed %i)',
  async (seed) => {
    const site = new Site()
    const random = new Random(seed)
    let n = 0
    const insert = () => {
      n += 1
      const old = [0, 60_000, 7_200_000, 90_000_000, 900 * 86_400_000][random.below(5)] ?? 0
      const time =
        random.below(40) === 0
          ? [null, '0000-00-00 00:00:00', '2038-01-19 03:14:07'][random.below(3)]
          : at(old + random.below(3_600_000))
      const added = row(n, time ?? null)
      site.table.rows.push(added)
      if (random.below(10) === 0) site.table.rows.push({ ...added })
    }
    for (let rows = 0; rows < 120; rows += 1) insert()
    for (let life = 0; life < 6; life += 1) {
      site.table.lostAfter = random.below(40)
      let left = 40
      const onBatch = () => {
        for (let rows = random.below(4); rows > 0 && left > 0; rows -= 1, left -= 1) insert()
      }
      await site.run({ kill: 1 + random.below(30), onBatch, stepMs })
    }
    await site.run({ stepMs })
    expect(site.distinct).toEqual(site.expected)
  },
)

test('sends no row of a simulated table twice while the bridge runs, and reads only the hours that changed', async () => {
  const site = new Site()
  for (let n = 0; n < 800; n += 1) site.table.rows.push(row(n, at(n * 80_000)))
  let left = 50
  const insert = () => {
    if (left > 0) site.table.rows.push(row(5000 + left, at(left * 36_000)))
    left -= 1
  }
  await site.run({ onBatch: insert, quietMs: 60_000 })
  expect(left).toBeLessThanOrEqual(0)
  expect(site.sent.length).toBe(850)
  expect(site.distinct).toEqual(site.expected)
  await site.run({ stepMs })
  expect(site.sent.length, 'a bridge that was stopped in order begins where it was').toBe(850)
})

test('sends a backlog of a simulated table in large batches, though its rows are spread over days', async () => {
  const site = new Site()
  for (let n = 0; n < 4100; n += 1) site.table.rows.push(row(n, at(n * 60_000)))
  let batches = 0
  const count = () => {
    batches += 1
  }
  await site.run({ quietMs: 10_000, onBatch: count })
  expect(site.distinct).toEqual(site.expected)
  expect(batches).toBeLessThanOrEqual(4)
})

test('reads rows again that a replica of a simulated table had counted and did not return', async () => {
  const site = new Site()
  for (let n = 0; n < 50; n += 1) site.table.rows.push(row(n, at(n * 1000)))
  site.table.behind = 20
  await site.run({ quietMs: 60_000 })
  expect(site.distinct.length).toBe(30)
  site.table.behind = 0
  await site.run({ quietMs: 60_000 })
  expect(site.distinct).toEqual(site.expected)
})

test.each([
  { clock: '48 hours behind', ms: -48 * 3_600_000 },
  { clock: 'of 1970', ms: -nowMs },
  { clock: 'years ahead', ms: 20 * 365 * 86_400_000 },
])('finds new rows of a simulated table within a minute with a clock $clock', async ({ ms }) => {
  const site = new Site()
  site.clockMs += ms
  for (let day = 0; day < 30; day += 1) site.table.rows.push(row(day, at(day * 86_400_000)))
  let left = 5
  await site.run({
    quietMs: 60_000,
    onBatch() {
      if (left > 0) site.table.rows.push(row(100 + left, at(left * 1000)))
      left -= 1
    },
  })
  expect(site.sent.sort()).toEqual(site.expected)
})

test('leaves out rows of a simulated table from before cdr.database.since', async () => {
  const site = new Site()
  site.since = '2026-11-24'
  site.table.rows.push(row(1, '2026-11-23 23:59:59'), row(2, '2026-11-24 00:00:00'), row(3, '2026-11-24 11:00:00'))
  await site.run({ stepMs })
  expect(site.sent.map((line) => JSON.parse(line).sequence)).toEqual([2, 3])
})

test('counts a lost connection, and keeps trying', async () => {
  const site = new Site()
  site.table.rows.push(row(1, at(0)))
  site.table.lostAfter = 1
  await site.run({ quietMs: 60_000 })
  expect(site.counted).toEqual(['cdr-database-unreachable'])
  expect(site.distinct).toEqual(site.expected)
})

describe('a row of a table', () => {
  const format = cdrFormat({ zone: 'Europe/Paris', database: {} })
  const eventOf = (json: object, of = format) => {
    const [part] = readCdrRecord('office', Buffer.from(JSON.stringify(json)), of)
    if (part?.line.kind !== 'cdr') throw new Error(JSON.stringify(part?.line))
    return part.line.event
  }
  const full = { ...row(7, '2026-11-24 13:00:00'), lastapp: 'Dial' }

  test('gets the id of the same record in a file', () => {
    const { calldate, ...rest } = full
    const inFile = { ...rest, start: '2026-11-24 13:00:00', answer: '', end: '' }
    expect(eventOf(full).id).toBe(eventOf(inFile, cdrFormat({ zone: 'Europe/Paris' })).id)
  })

  test('is sent without its JSON, with times in UTC and columns of the PBX under their names', () => {
    const { data } = eventOf({ ...full, did: '0145678900', cnum: '101', recordingfile: 'a.wav' })
    expect(data.raw).toBeUndefined()
    expect(data.cdr).toMatchObject({ start: '2026-11-24T12:00:00+0000', did: '0145678900', cnum: '101' })
  })

  test('may have start in place of calldate, lengths with fractions and no sequence', () => {
    const { calldate, sequence, ...rest } = full
    const event = eventOf({ ...rest, start: '2026-11-24 12:00:00.123456+00', duration: '9.75', billsec: 7.2 })
    expect(event.data.cdr).toMatchObject({ start: '2026-11-24T12:00:00+0000', duration: 9, billsec: 7 })
    expect(event.data.cdr.sequence).toBeGreaterThan(0)
  })
})

test.each([
  ['2026-12-31', '2026-12-31 00:00:00', '2027-01-01 00:00:00'],
  ['2026-12-31 23', '2026-12-31 23:00:00', '2027-01-01 00:00:00'],
  ['2028-02-28 23:59', '2028-02-28 23:59:00', '2028-02-29 00:00:00'],
  ['2026-11-24 10:00:59', '2026-11-24 10:00:59', '2026-11-24 10:01:00'],
])('the prefix %s is the range from %s to %s', (prefix, from, to) => {
  expect(rangeOf(prefix)).toEqual({ from, to })
})

test.each(['0000-00-00', '2026-00-00', '2026-02-30', 'infinity', '10000-01-0', '2026-11'])(
  '%s is no range',
  (prefix) => {
    expect(rangeOf(prefix)).toBeUndefined()
  },
)
