import { type ConnectionConfig, createConnection } from 'mariadb'
import * as v from 'valibot'
import { UsageError } from '../options.ts'
import type { SourceRow } from './master-csv.ts'

const Row = v.record(v.string(), v.union([v.string(), v.number(), v.null(), v.pipe(v.bigint(), v.transform(Number))]))

/** A table and how to connect to its database. */
export interface TableSource {
  connection: ConnectionConfig
  table: string
}

/**
 * Parses `mysql://user:password@host:port/database`, or the same with `?socket=/run/mysqld/mysqld.sock` in place of the
 * host's port. SQL takes no parameter as a table's name, so only letters, digits, `_`, `$` and one point are accepted.
 * @throws UsageError
 */
export function tableSource(address: string, table: string): TableSource {
  if (!/^(mysql|mariadb):\/\//.test(address) || !URL.canParse(address))
    throw new UsageError(
      '--from expects mysql://USER:PASSWORD@HOST/DATABASE, for example mysql://root:x@localhost/cdrdb.',
    )
  if (!/^[A-Za-z0-9_$]{1,64}(\.[A-Za-z0-9_$]{1,64})?$/.test(table))
    throw new UsageError(`--table expects letters, digits and _, for example cdr; it was ${table}.`)
  const { hostname, port, username, password, pathname, searchParams } = new URL(address)
  const socketPath = searchParams.get('socket')
  const connection = {
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: pathname.slice(1),
    ...(socketPath ? { socketPath } : { host: hostname, port: Number(port || 3306) }),
  }
  return { connection, table }
}

/** The order of rows: by time, `calldate` or, in the table of Asterisk's own migration, `start`; then by what tells rows apart. */
const orderColumns = [
  'calldate',
  'start',
  'uniqueid',
  'channel',
  'dstchannel',
  'duration',
  'billsec',
  'lastapp',
  'lastdata',
  'sequence',
]

/**
 * Yields the rows of a MySQL or MariaDB table in a fixed order, oldest first, after the first `skip` rows: an interrupted
 * import continues where it stopped. Times come as text, because the server's time zone does not matter.
 */
export async function* readCdrTable({ connection, table }: TableSource, skip: number): AsyncGenerator<SourceRow> {
  const db = await createConnection(connection)
  try {
    const described = v.parse(
      v.array(v.looseObject({ Field: v.string() })),
      await db.query(`SHOW COLUMNS FROM ${table}`),
    )
    const there = new Set(described.map(({ Field }) => Field.toLowerCase()))
    const columns = orderColumns.filter((name) => there.has(name))
    // MySQL has no OFFSET without LIMIT; its manual gives this number for "all rows after".
    const sql = `SELECT * FROM ${table} ORDER BY ${columns.join(', ')} LIMIT ${skip}, 18446744073709551615`
    let at = skip
    for await (const item of db.queryStream({ sql, dateStrings: true })) {
      const lower = Object.fromEntries(Object.entries(item).map(([key, value]) => [key.toLowerCase(), value]))
      const row = v.safeParse(Row, lower)
      yield row.success ? { at, row: row.output } : { at, refused: 'a column holds neither text nor a number' }
      at += 1
    }
  } finally {
    await db.end()
  }
}
