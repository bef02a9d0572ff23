import type { CdrTable, DatabaseAddress } from './cdr-table.ts'

/**
 * The client of a database is loaded only where one is read: a bridge without one starts faster.
 * @throws the client's error, TableUnusableError
 */
export async function connectTable(address: DatabaseAddress): Promise<CdrTable> {
  if (address.type === 'mysql') return (await import('./mysql.ts')).openMysqlTable(address)
  return (await import('./postgres.ts')).openPostgresTable(address)
}
