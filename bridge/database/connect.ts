import type { CdrTable, DatabaseAddress } from './cdr-table.ts'
import { openMysqlTable } from './mysql.ts'
import { openPostgresTable } from './postgres.ts'

/** @throws the client's error, TableUnusableError */
export function connectTable(address: DatabaseAddress): Promise<CdrTable> {
  return address.type === 'mysql' ? openMysqlTable(address) : openPostgresTable(address)
}
