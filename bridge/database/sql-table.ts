import type { TableRow } from '../../contracts/cdr-row/table-row.ts'
import { SwitchhookError } from '../../contracts/errors.ts'
import type { Bucket, CdrTable, Page, TableFacts } from './cdr-table.ts'
import { type Level, rangeOf, type TimeRange } from './time-prefix.ts'

/** A column as the catalogue of the database has it. */
export interface Column {
  name: string
  type: string
}

/** What differs between MariaDB or MySQL and PostgreSQL, over one open connection. */
export interface SqlConnection {
  quote(name: string): string
  /** The type of text in a CAST. */
  text: string
  /** The n-th value of a statement, from 1. */
  parameter(n: number): string
  query(sql: string, values?: readonly (string | number)[]): Promise<Record<string, unknown>[]>
  columns(): Promise<Column[]>
  /** Whether an index begins with the column. */
  isIndexed(column: string): Promise<boolean>
  mayWrite(): Promise<boolean>
  close(): void
}

/** The table cannot be followed as it is. */
export class TableUnusableError extends SwitchhookError {
  readonly errorId = 'cdr-table-unusable'
  readonly repair: string
  constructor(message: string, repair: string) {
    super(message)
    this.repair = repair
  }
  override shouldRetry(): boolean {
    return true
  }
}

const needed = ['duration', 'billsec', 'disposition']
const momentTypes = /^(timestamp|datetime)/i
const numberTypes = /^(tiny|small|medium|big)?(int|serial)|^(numeric|decimal|double|float|real)/i
/** The digest sums these: with the number of rows, they tell rows apart that were exchanged. */
const summed = ['duration', 'billsec', 'sequence']
/** The order of rows in one bucket; what else tells rows apart is of no matter for the cloud. */
const ordering = ['uniqueid', 'sequence', 'linkedid', 'channel', 'dstchannel', 'duration', 'billsec', 'lastapp']

/** Follows a table by statements that every version of MySQL, MariaDB and PostgreSQL has. */
export class SqlTable implements CdrTable {
  readonly facts: TableFacts
  readonly #sql: SqlConnection
  readonly #table: string
  readonly #time: string
  readonly #sums: readonly string[]
  readonly #order: string
  readonly #utcColumns: ReadonlySet<string>

  private constructor(sql: SqlConnection, table: string, columns: readonly Column[], facts: TableFacts) {
    const named = (name: string) => columns.find((column) => column.name.toLowerCase() === name)
    const quoted = (names: readonly string[]) =>
      names.flatMap((name) => (named(name) ? [sql.quote(named(name)?.name ?? '')] : []))
    this.#sql = sql
    this.#table = table.split('.').map(sql.quote).join('.')
    this.#time = quoted([facts.timeColumn])[0] ?? ''
    this.#sums = quoted(summed.filter((name) => numberTypes.test(named(name)?.type ?? '')))
    this.#order = [this.#time, ...quoted(ordering)].join(', ')
    this.#utcColumns = new Set(
      columns.filter(({ type }) => type === 'timestamp utc').map(({ name }) => name.toLowerCase()),
    )
    this.facts = facts
  }

  /** Reads what the table is. @throws TableUnusableError, or the database's error */
  static async open(sql: SqlConnection, table: string): Promise<SqlTable> {
    const columns = await sql.columns()
    const types = new Map(columns.map(({ name, type }) => [name.toLowerCase(), type]))
    if (types.size === 0) {
      const repair = `Correct cdr.database.table, or: GRANT SELECT ON ${table} TO the user`
      throw new TableUnusableError(`there is no table ${table} that the user may read`, repair)
    }
    const time = ['calldate', 'start'].find((name) => types.has(name))
    const missing = [...(time ? [] : ['calldate or start']), ...needed.filter((name) => !types.has(name))]
    if (!time || missing.length > 0) {
      const repair = 'Correct cdr.database.table: it needs the columns that Asterisk writes'
      throw new TableUnusableError(`the table ${table} has no column ${missing.join(', ')}`, repair)
    }
    const type = types.get(time) ?? ''
    if (!momentTypes.test(type)) {
      const repair = `Let ${time} be a datetime or a timestamp, or read a file of cdr_custom instead (cdr.file)`
      throw new TableUnusableError(`the column ${time} of ${table} is a ${type}, which has no order of times`, repair)
    }
    const facts = {
      columns: [...types.keys()],
      timeColumn: time,
      // The database converts it from and to UTC: `timestamp` of MySQL, `timestamp with time zone` of PostgreSQL.
      isAbsolute: /utc|with time zone/.test(type) && !/without/.test(type),
      hasTimeIndex: await sql.isIndexed(time),
      mayWrite: await sql.mayWrite(),
    }
    return new SqlTable(sql, table, columns, facts)
  }

  async buckets(level: Level, range: Partial<TimeRange> = {}): Promise<Bucket[]> {
    const { where, values } = this.#within(range)
    const sums = this.#sums.map((column, n) => `, SUM(FLOOR(${column})) AS s${n}`).join('')
    const sql = `SELECT ${this.#prefix(level)} AS prefix, COUNT(*) AS n${sums} FROM ${this.#table}${where} GROUP BY 1 ORDER BY 1`
    return (await this.#sql.query(sql, values)).map(({ prefix, n, ...rest }) => {
      const digest = [n, ...this.#sums.map((_, at) => rest[`s${at}`] ?? '')].join(' ')
      return { prefix: typeof prefix === 'string' ? prefix : null, rows: Number(n), digest }
    })
  }

  async rows(prefix: string | null, level: Level, { offset, limit }: Page): Promise<TableRow[]> {
    const range = prefix === null ? undefined : rangeOf(prefix)
    const { where, values } =
      prefix === null
        ? { where: ` WHERE ${this.#time} IS NULL`, values: [] }
        : range
          ? this.#within(range)
          : { where: ` WHERE ${this.#prefix(level)} = ${this.#sql.parameter(1)}`, values: [prefix] }
    return this.#read(`${where} ORDER BY ${this.#order} LIMIT ${limit} OFFSET ${offset}`, values)
  }

  async lastRows(limit: number): Promise<TableRow[]> {
    const rows = await this.#read(` WHERE ${this.#time} IS NOT NULL ORDER BY ${this.#time} DESC LIMIT ${limit}`)
    return rows.reverse()
  }

  latest(): Promise<string | undefined> {
    return this.#extreme('MAX')
  }

  earliest(): Promise<string | undefined> {
    return this.#extreme('MIN')
  }

  close(): void {
    this.#sql.close()
  }

  async #extreme(name: 'MAX' | 'MIN'): Promise<string | undefined> {
    const [row] = await this.#sql.query(
      `SELECT CAST(${name}(${this.#time}) AS ${this.#sql.text}) AS t FROM ${this.#table}`,
    )
    return typeof row?.['t'] === 'string' ? row['t'] : undefined
  }

  #prefix(level: Level): string {
    return `LEFT(CAST(${this.#time} AS ${this.#sql.text}), ${level})`
  }

  #within({ from, to }: Partial<TimeRange>): { where: string; values: string[] } {
    const limits = [
      { sign: '>=', value: from },
      { sign: '<', value: to },
    ].flatMap(({ sign, value }) => (value === undefined ? [] : [{ sign, value }]))
    const terms = limits.map(({ sign }, n) => `${this.#time} ${sign} ${this.#sql.parameter(n + 1)}`)
    return { where: terms.length > 0 ? ` WHERE ${terms.join(' AND ')}` : '', values: limits.map(({ value }) => value) }
  }

  async #read(rest: string, values: readonly string[] = []): Promise<TableRow[]> {
    const rows = await this.#sql.query(`SELECT * FROM ${this.#table}${rest}`, values)
    return rows.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => {
          const column = name.toLowerCase()
          const plain = plainValue(value)
          return [column, plain !== null && this.#utcColumns.has(column) ? `${plain}+00:00` : plain]
        }),
      ),
    )
  }
}

function plainValue(value: unknown): string | number | null {
  if (value === null || value === undefined) return null
  if (typeof value === 'string' || typeof value === 'number') return value
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : String(value)
}
