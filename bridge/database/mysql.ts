import type { RowDataPacket } from 'mysql2'
import type { DatabaseAddress } from './cdr-table.ts'
import { type Column, type SqlConnection, SqlTable } from './sql-table.ts'

const connectMsMax = 5000
/** A sweep over ten million rows takes less. */
const queryMsMax = 600_000
const writing = /\b(ALL PRIVILEGES|INSERT|UPDATE|DELETE|DROP|ALTER|CREATE|TRIGGER|SUPER)\b/

/** Connects to MariaDB or MySQL. @throws the client's error, TableUnusableError */
export async function openMysqlTable(address: DatabaseAddress): Promise<SqlTable> {
  // Loaded only where it is used: a bridge without a database starts faster.
  const { default: mysql } = await import('mysql2/promise')
  const { host, port = 3306, socket, name, user, password, ca } = address
  const connection = await mysql.createConnection({
    ...(socket === undefined ? { host, port } : { socketPath: socket }),
    database: name,
    user,
    password: password ?? '',
    ...(ca !== undefined && { ssl: { ca } }),
    charset: 'utf8mb4',
    // Times as text: the zone of the table is a matter of the configuration.
    dateStrings: true,
    connectTimeout: connectMsMax,
    enableKeepAlive: true,
    // Statements are not compiled to functions at run time.
    disableEval: true,
  })
  // The error of a lost connection reaches the query that waits, or the next one.
  connection.on('error', () => undefined)
  const query = async (sql: string, values: readonly (string | number)[] = []) => {
    const [rows] = await connection.query<RowDataPacket[]>({ sql, values: [...values], timeout: queryMsMax })
    return rows
  }
  const close = () => connection.destroy()
  try {
    // Zero dates may be compared; `timestamp` comes in UTC, `datetime` as it is.
    await query("SET SESSION sql_mode = '', time_zone = '+00:00'")
    await query('SET SESSION TRANSACTION READ ONLY')
    return await SqlTable.open(sqlOf(address, query, close), address.table)
  } catch (error) {
    close()
    throw error
  }
}

function sqlOf({ table }: DatabaseAddress, query: SqlConnection['query'], close: () => void): SqlConnection {
  const [own, schema] = table.split('.').reverse()
  const inSchema = `TABLE_SCHEMA = ${schema === undefined ? 'DATABASE()' : '?'} AND TABLE_NAME = ?`
  const names = [...(schema === undefined ? [] : [schema]), own ?? '']
  return {
    quote: (name) => `\`${name.replaceAll('`', '``')}\``,
    text: 'CHAR',
    parameter: () => '?',
    query,
    async columns(): Promise<Column[]> {
      const found = await query(
        `SELECT COLUMN_NAME AS name, DATA_TYPE AS type FROM information_schema.COLUMNS WHERE ${inSchema} ORDER BY ORDINAL_POSITION`,
        names,
      )
      return found.map(({ name, type }) => ({
        name: String(name),
        type: type === 'timestamp' ? 'timestamp utc' : String(type),
      }))
    },
    async isIndexed(column) {
      const sql = `SELECT 1 AS one FROM information_schema.STATISTICS WHERE ${inSchema} AND SEQ_IN_INDEX = 1 AND LOWER(COLUMN_NAME) = ?`
      return (await query(sql, [...names, column])).length > 0
    },
    async mayWrite() {
      const grants = await query('SHOW GRANTS')
      return grants.some((row) =>
        Object.values(row).some((grant) => writing.test(String(grant).replace(/ ON .*$/s, ''))),
      )
    },
    close,
  }
}
