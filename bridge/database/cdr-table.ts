import type { TableRow } from '../../contracts/cdr-row/table-row.ts'
import type { Level, TimeRange } from './time-prefix.ts'

/** The rows of a table whose time begins with `prefix`; null for rows without a time. */
export interface Bucket {
  prefix: string | null
  rows: number
  /** Differs if the rows differ in number, lengths or sequence. */
  digest: string
}

/** A place of a page in the rows of one bucket. */
export interface Page {
  offset: number
  limit: number
}

/** What a table is, and who reads it. */
export interface TableFacts {
  columns: readonly string[]
  /** `calldate` or `start`. */
  timeColumn: string
  /** Whether the times are moments, which do not depend on a zone. */
  isAbsolute: boolean
  hasTimeIndex: boolean
  mayWrite: boolean
}

/** An open connection to a table of CDRs. Every method throws the error of the database's client. */
export interface CdrTable {
  readonly facts: TableFacts
  /** Groups the rows of a range, or all of them, by the first `level` characters of their time. */
  buckets(level: Level, range?: Partial<TimeRange>): Promise<Bucket[]>
  /** Rows of one bucket in a fixed order. */
  rows(prefix: string | null, level: Level, page: Page): Promise<TableRow[]>
  /** The rows with the latest times, oldest first. */
  lastRows(limit: number): Promise<TableRow[]>
  /** The latest and the earliest time of all rows. */
  latest(): Promise<string | undefined>
  earliest(): Promise<string | undefined>
  /** Ends the connection at once; a query that runs fails. */
  close(): void
}

/** Where a table is, and who reads it. */
export interface DatabaseAddress {
  type: 'mysql' | 'postgresql'
  host: string
  port?: number | undefined
  /** A socket in place of host and port; for PostgreSQL its folder. */
  socket?: string | undefined
  /** Name of the database. */
  name: string
  table: string
  user: string
  password?: string | undefined
  /** Certificate of the authority that signed the server's, in PEM: then the connection is encrypted and the server verified. */
  ca?: string | undefined
}
