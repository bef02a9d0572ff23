import type { DatabaseAddress } from './cdr-table.ts'
import { type SqlConnection, SqlTable } from './sql-table.ts'

const connectMsMax = 5000
/** A sweep over ten million rows takes less. */
const queryMsMax = 600_000

/** Connects to PostgreSQL. @throws the client's error, TableUnusableError */
export async function openPostgresTable(address: DatabaseAddress): Promise<SqlTable> {
  // Loaded only where it is used: a bridge without a database starts faster.
  const { default: pg } = await import('pg')
  const { host, port = 5432, socket, name, user, password, ca } = address
  const client = new pg.Client({
    host: socket ?? host,
    port,
    database: name,
    user,
    password: password ?? '',
    ...(ca !== undefined && { ssl: { ca } }),
    connectionTimeoutMillis: connectMsMax,
    query_timeout: queryMsMax,
    keepAlive: true,
    application_name: 'switchhook-bridge',
    // Every value as the server writes it: no date is read in the zone of this machine.
    types: { getTypeParser: () => (value: string) => value },
  })
  // The error of a lost connection reaches the query that waits, or the next one.
  client.on('error', () => undefined)
  await client.connect()
  const query: SqlConnection['query'] = async (sql, values = []) => (await client.query(sql, [...values])).rows
  const close = () => {
    // Not awaited: `end` would wait for the query that runs.
    client.connection.stream.destroy()
  }
  try {
    await query('SET default_transaction_read_only = on')
    await query("SET TimeZone = 'UTC'")
    await query("SET DateStyle = 'ISO, YMD'")
    return await SqlTable.open(sqlOf(address, query, close), address.table)
  } catch (error) {
    close()
    throw error
  }
}

function sqlOf({ table }: DatabaseAddress, query: SqlConnection['query'], close: () => void): SqlConnection {
  const quote = (name: string) => `"${name.replaceAll('"', '""')}"`
  const regclass = table.split('.').map(quote).join('.')
  return {
    quote,
    text: 'text',
    parameter: (n) => `$${n}`,
    query,
    async columns() {
      const found = await query(
        `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
         WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped
         AND has_table_privilege(attrelid, 'SELECT') ORDER BY attnum`,
        [regclass],
      )
      return found.map(({ name, type }) => ({ name: String(name), type: String(type) }))
    },
    async isIndexed(column) {
      const sql = `SELECT 1 AS one FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = to_regclass($1) AND lower(a.attname) = $2`
      return (await query(sql, [regclass, column])).length > 0
    },
    async mayWrite() {
      const sql = `SELECT has_table_privilege(to_regclass($1)::oid, 'INSERT, UPDATE, DELETE')::text AS writes`
      return (await query(sql, [regclass])).some(({ writes }) => writes === 'true')
    },
    close,
  }
}
