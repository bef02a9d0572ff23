import { generateKeyPairSync, sign } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { connectTable } from '../../bridge/database/connect.ts'
import { SentLedger } from '../../bridge/database/sent-ledger.ts'
import { TableFollower } from '../../bridge/database/table-follower.ts'
import { tableOrigin } from '../../bridge/database/table-origin.ts'
import { CdrLane } from '../../bridge/forward/cdr-lane.ts'
import { Delivery } from '../../bridge/forward/delivery.ts'
import { Packer } from '../../bridge/forward/pack.ts'
import { cdrFormat } from '../../bridge/normalise/cdr-record.ts'
import { realClock } from '../../bridge/operate/clock.ts'
import { Counters } from '../../bridge/operate/counters.ts'
import { createLog } from '../../bridge/operate/log.ts'
import { Quarantine } from '../../bridge/spool/quarantine.ts'
import { RefusedRecords } from '../../bridge/spool/refused-records.ts'
import { openBody } from '../../contracts/packed-body.ts'
import { Random } from '../support/random.ts'
import { type Server, startMariaDbServer, startPostgresServer } from './sql-source/servers.ts'

const rowsDefault = 100_000
const batchRows = 200
/** How often each is killed while rows are written. */
const kills = 6
const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const zone = 'Europe/Paris'
/** The whole table is compared every six hours: for the bridge, time passes so many times as fast. */
const haste = 500
const clock = {
  ...realClock,
  monotonicMs: () => realClock.monotonicMs() * haste,
  after: (ms: number, call: () => void) => realClock.after(Math.max(20, ms / haste), call),
}
const noon = Date.UTC(2026, 10, 24, 12)

const common = `clid varchar(80), src varchar(80), dst varchar(80), dcontext varchar(80), channel varchar(80), dstchannel varchar(80),
  lastapp varchar(80), lastdata varchar(80), disposition varchar(45), accountcode varchar(20), uniqueid varchar(32), userfield varchar(255)`
/** The tables of FreePBX, of Asterisk's documentation for PostgreSQL, and one with `start`, fractions of seconds and no `sequence`. */
const tables = [
  {
    name: 'FreePBX on MariaDB',
    start: startMariaDbServer,
    table: 'cdr',
    create: `CREATE TABLE asteriskcdrdb.cdr (calldate datetime NOT NULL, ${common}, duration int, billsec int, amaflags int,
      did varchar(50), recordingfile varchar(255), cnum varchar(80), linkedid varchar(32), sequence int, KEY (calldate), KEY (uniqueid))`,
    into: 'asteriskcdrdb.cdr',
  },
  {
    name: 'cdr_pgsql on PostgreSQL',
    start: startPostgresServer,
    table: 'cdr',
    create: `CREATE TABLE cdr (calldate timestamp NOT NULL, ${common}, duration bigint, billsec bigint, amaflags bigint,
      linkedid varchar(32), sequence bigint); CREATE INDEX ON cdr (calldate)`,
    into: 'cdr',
  },
  {
    name: 'start and fractions on PostgreSQL',
    start: startPostgresServer,
    table: 'public.calls',
    create: `CREATE TABLE calls (start timestamptz NOT NULL, ${common}, duration double precision, billsec double precision,
      amaflags varchar(16)); CREATE INDEX ON calls (start)`,
    into: 'calls',
  },
]

/**
 * `npm run campaign -- sql-source [ROWS]`: writes ROWS rows to real tables of MariaDB and PostgreSQL (packages mariadb-server and
 * postgresql), late, out of order and doubled, while database and bridge are killed. The bridge is its lane with a user who may
 * only read; a queue in this process keeps each event once by its id, as the store does. Both must be equal at the end.
 */
export async function main([rows = String(rowsDefault)]: string[]): Promise<void> {
  if (!/^[1-9]\d*$/.test(rows)) throw new Error(`ROWS must be a whole number, for example 100000, not "${rows}"`)
  const seed = Number(process.env['TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
  console.log(`${rows} rows a table, seed ${seed} (TEST_SEED=${seed} repeats them)`)
  for (const table of tables) {
    const started = performance.now()
    await using server = await table.start()
    for (const statement of table.create.split(';')) await server.owner(statement)
    const { sent, copies, refused } = await follow(server, table, Number(rows), new Random(seed))
    const [count] = await server.owner(`SELECT COUNT(*) AS n, COUNT(DISTINCT uniqueid) AS calls FROM ${table.into}`)
    const [n, calls] = [Number(count?.['n']), Number(count?.['calls'])]
    const seconds = ((performance.now() - started) / 1000).toFixed(0)
    console.log(
      `${table.name}: ${n} rows of ${calls} calls, ${sent.size} stored, ${copies} sent again, ${refused} listed, ${seconds} s`,
    )
    if (sent.size !== calls || calls < Number(rows))
      throw new Error(`${table.name}: ${sent.size} stored, and ${calls} calls in the table`)
    for (const { uniqueid, billsec } of await server.owner(`SELECT uniqueid, billsec FROM ${table.into}`)) {
      if (sent.get(String(uniqueid)) !== Math.trunc(Number(billsec)))
        throw new Error(`${table.name}: ${uniqueid} differs`)
    }
  }
}

async function follow(server: Server, table: (typeof tables)[number], rows: number, random: Random) {
  const folder = await mkdtemp(path.join(tmpdir(), 'sql-source-'))
  const refused = new RefusedRecords(path.join(folder, 'quarantine'))
  await refused.open()
  /** `billsec` by uniqueid: what the store keeps of events with the same id. */
  const sent = new Map<string, number>()
  let events = 0
  const take = (line: string) => {
    const { cdr } = JSON.parse(line).data
    sent.set(cdr.uniqueid, cdr.billsec)
    events += 1
  }
  try {
    let lane = await startLane(folder, server, table.table, refused, take)
    let written = 0
    for (let batch = 0; written < rows; batch += 1) {
      const some = rowsOf(written, Math.min(batchRows, rows - written), random, table.into === 'calls')
      await insert(server, table.into, some)
      written += Math.min(batchRows, rows - written)
      const every = Math.ceil(rows / batchRows / kills)
      if (batch % every === every - 1) {
        await lane.kill()
        lane = await startLane(folder, server, table.table, refused, take)
        await server.killAndStart()
      }
      await pause(5)
    }
    const [count] = await server.owner(`SELECT COUNT(DISTINCT uniqueid) AS calls FROM ${table.into}`)
    for (let waits = 0; sent.size < Number(count?.['calls']) && waits < 1200; waits += 1) await pause(100)
    await lane.kill()
    return { sent, copies: events - sent.size, refused: refused.records }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Rows of calls that began in the last two days or years ago, in no order; each 20th is written twice. */
function rowsOf(first: number, count: number, random: Random, hasStart: boolean): Record<string, unknown>[] {
  return Array.from({ length: count }, (_, at) => {
    const n = first + at
    const daysAgo = random.below(50) === 0 ? 30 + random.below(900) : random.below(3)
    const startMs = noon - daysAgo * 86_400_000 - random.below(86_400_000)
    const local = new Date(startMs + (hasStart ? 0 : 3_600_000)).toISOString().slice(0, 19).replace('T', ' ')
    const billsec = random.below(3600)
    const id = `${Math.floor(startMs / 1000)}.${n}`
    const row = {
      [hasStart ? 'start' : 'calldate']: hasStart ? `${local}+00` : local,
      clid: `"Zoë 'Z' O\\"Neil" <60>`,
      src: '60',
      dst: '0145678900',
      dcontext: 'from-internal',
      channel: `PJSIP/60-${n.toString(16)}`,
      dstchannel: '',
      lastapp: 'Dial',
      lastdata: 'PJSIP/0145678900@trunk,60',
      duration: hasStart ? billsec + 3.5 : billsec + 3,
      billsec: hasStart ? billsec + 0.25 : billsec,
      disposition: 'ANSWERED',
      amaflags: hasStart ? 'DOCUMENTATION' : 3,
      accountcode: '',
      uniqueid: id,
      userfield: '',
      ...(!hasStart && { linkedid: id, sequence: n % 5000 }),
    }
    return random.below(20) === 0 ? [row, row] : [row]
  }).flat()
}

async function insert(server: Server, into: string, rows: readonly Record<string, unknown>[]): Promise<void> {
  const names = Object.keys(rows[0] ?? {})
  const isMysql = into.includes('.')
  const sign = (n: number) => (isMysql ? '?' : `$${n + 1}`)
  const values = rows.map((_, at) => `(${names.map((_name, n) => sign(at * names.length + n)).join(', ')})`).join(', ')
  const given = rows.flatMap((row) => names.map((name) => row[name]))
  await server.owner(`INSERT INTO ${into} (${names.join(', ')}) VALUES ${values}`, given)
}

async function startLane(
  folder: string,
  server: Server,
  table: string,
  refused: RefusedRecords,
  take: (line: string) => void,
) {
  const operation = { counters: new Counters(), log: createLog({ level: 'error', write: console.error }) }
  const address = server.address(table)
  const connect = () => connectTable(address)
  const file = new TableFollower({
    name: `the table ${table}`,
    connect,
    ledger: new SentLedger(folder, table),
    zone,
    clock,
    onCount: (id) => operation.counters.add(id),
  })
  await file.open()
  const quarantine = new Quarantine(path.join(folder, 'bodies'))
  await quarantine.open()
  const format = cdrFormat({ zone, database: {} })
  const origin = tableOrigin('the table', connect, zone, file)
  const stopping = new AbortController()
  const sender = {
    send: async (_queue: string, bodies: readonly string[]) => {
      for (const body of bodies) for (const line of (await openBody(body, async () => publicKey)).lines) take(line)
      return bodies.map(() => ({ kind: 'accepted' as const }))
    },
  }
  const lane = new CdrLane({
    ...operation,
    site: 'campaign',
    to: { lane: 'records', queueUrl: '' },
    file,
    refused,
    clock,
    packer: new Packer({ site: 'campaign', key: 'k1', sign: (body) => sign(null, body, privateKey) }),
    delivery: new Delivery({ sender, quarantine, ...operation }),
    format,
    watch: {
      isZoneChecked: true,
      async look() {
        const checks = await origin.checks(format)
        return checks.every(({ state }) => state !== 'failed')
      },
    },
  })
  const running = lane.run(stopping.signal)
  return {
    /** As a kill does: what was sent since the last save is not noted. */
    async kill() {
      stopping.abort()
      await running
    },
  }
}
