import { createConnection } from 'mariadb'
import * as v from 'valibot'
import type { SourceRow } from './master-csv.ts'

const Row = v.record(v.string(), v.union([v.string(), v.number(), v.null(), v.pipe(v.bigint(), v.transform(Number))]))
/** A table's name ends up in SQL, where it cannot be a parameter. */
const name = /^[A-Za-z0-9_$]{1,64}(\.[A-Za-z0-9_$]{1,64})?$/

/** Where the table is: `mysql://user:password@host:port/database`, or `?socket=/run/mysqld/mysqld.sock`. */
export interface TableSource {
  url: string
  table: string
}

/**
 * Rows of a MySQL or MariaDB table, oldest first, those after the first `skip`. The order is whole (all of a row's main
 * columns), so that a resumed import goes on where it was. Times come as text: the server's zone is not asked.
 */
export async function* readCdrTable({ url, table }: TableSource, skip: number): AsyncGenerator<SourceRow> {
  if (!name.test(table)) throw new RangeError('a table is named by letters, digits and _')
  const db = await createConnection(connectionOf(url))
  try {
    const columns = ['calldate', 'uniqueid', 'channel', 'dstchannel', 'duration', 'billsec', 'lastapp', 'lastdata']
    const sql = `SELECT * FROM ${table} ORDER BY ${columns.join(', ')} LIMIT ${skip}, 18446744073709551615`
    let at = skip
    for await (const item of db.queryStream({ sql, dateStrings: true })) {
      const lower = Object.fromEntries(Object.entries(item).map(([key, value]) => [key.toLowerCase(), value]))
      const row = v.safeParse(Row, lower)
      yield row.success ? { at, row: row.output } : { at, refused: 'a column that is neither text nor number' }
      at += 1
    }
  } finally {
    await db.end()
  }
}

function connectionOf(url: string) {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url)
  const socketPath = searchParams.get('socket')
  return {
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: pathname.slice(1),
    ...(socketPath ? { socketPath } : { host: hostname, port: Number(port || 3306) }),
  }
}
