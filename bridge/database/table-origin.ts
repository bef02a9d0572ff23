import { readMoment } from '../../contracts/cdr-row/moments.ts'
import type { TableRow } from '../../contracts/cdr-row/table-row.ts'
import { checkRecords } from '../asterisk/cdr-check.ts'
import type { CdrOrigin } from '../asterisk/cdr-origin.ts'
import type { CdrFormat } from '../normalise/cdr-record.ts'
import type { Line } from '../normalise/line-splitter.ts'
import type { Check } from '../operate/checks.ts'
import { describeError } from '../operate/log.ts'
import type { CdrTable } from './cdr-table.ts'
import { TableUnusableError } from './sql-table.ts'
import type { TableFollower } from './table-follower.ts'
import { wallClock } from './time-prefix.ts'

/** The newest rows that are checked. */
const checkedRows = 50
const pageRows = 2000
const dayMs = 86_400_000

/** A table of a database as the place of CDRs. It opens connections of its own: the one of the follower may be in a long sweep. */
export function tableOrigin(
  name: string,
  connect: () => Promise<CdrTable>,
  zone: string,
  follower?: Pick<TableFollower, 'found' | 'connection'>,
): CdrOrigin {
  return {
    name,
    checks: (format) => checkTable(name, connect, format),
    version: async () => String(follower?.found ?? 0),
    get connection() {
      return follower?.connection
    },
    linesSince: (ms) => linesSince(connect, ms),
    async reachesBefore(ms) {
      const table = await connect()
      try {
        const seconds = readMoment(await table.earliest(), table.facts.isAbsolute ? 'UTC' : zone)
        return seconds !== undefined && seconds * 1000 < ms
      } finally {
        table.close()
      }
    },
  }
}

async function checkTable(name: string, connect: () => Promise<CdrTable>, format: CdrFormat): Promise<Check[]> {
  let table: CdrTable
  try {
    table = await connect()
  } catch (error) {
    const reason = `${name} cannot be read (${describeError(error)})`
    const repair = error instanceof TableUnusableError ? error.repair : 'Start the database, and correct cdr.database'
    return [{ id: 'cdr-database', state: 'failed', reason, repair }]
  }
  try {
    const rows = await table.lastRows(checkedRows)
    return [indexCheck(name, table), rightsCheck(table), ...checkRecords(name, rows.map(bytesOf), format)]
  } catch (error) {
    const reason = `${name} cannot be read (${describeError(error)})`
    return [{ id: 'cdr-database', state: 'failed', reason, repair: 'See the log of the database' }]
  } finally {
    table.close()
  }
}

function indexCheck(name: string, { facts: { timeColumn, hasTimeIndex } }: CdrTable): Check {
  const id = 'cdr-database'
  if (hasTimeIndex) return { id, state: 'ok', reason: `${name} can be read` }
  const reason = `${name} has no index of ${timeColumn}: each look reads the whole table`
  return { id, state: 'warning', reason, repair: `Let its owner create one: CREATE INDEX ... ON cdr (${timeColumn})` }
}

function rightsCheck({ facts: { mayWrite } }: CdrTable): Check {
  const id = 'cdr-rights'
  if (!mayWrite) return { id, state: 'ok', reason: 'the user may read, and not write' }
  const reason = 'the user of cdr.database may change data, and the bridge only reads'
  return { id, state: 'warning', reason, repair: 'Give cdr.database a user with SELECT on the table alone' }
}

/** The table's clock is at most 14 hours from UTC. */
async function* linesSince(connect: () => Promise<CdrTable>, ms: number): AsyncGenerator<Line> {
  const table = await connect()
  try {
    for (const { prefix } of await table.buckets(13, { from: wallClock(ms - dayMs) })) {
      for (let offset = 0; ; offset += pageRows) {
        const page = await table.rows(prefix, 13, { offset, limit: pageRows })
        for (const row of page) yield { bytes: bytesOf(row), end: 0, isOverlong: false }
        if (page.length < pageRows) break
      }
    }
  } finally {
    table.close()
  }
}

function bytesOf(row: TableRow): Buffer {
  return Buffer.from(JSON.stringify(row))
}
