import type { Bucket, CdrTable, Page, TableFacts } from '../../bridge/database/cdr-table.ts'
import { type Level, rangeOf, type TimeRange } from '../../bridge/database/time-prefix.ts'
import type { TableRow } from '../../contracts/cdr-row/table-row.ts'

/** SIMULATED table of CDRs: rows in memory, and a connection that can be lost. It groups and sorts as the SQL of the bridge does. */
export class SimulatedTable {
  readonly rows: TableRow[] = []
  /** Statements until the connection is lost; then it must be opened again. */
  lostAfter = Number.POSITIVE_INFINITY
  /** Rows at the end that a replica has counted and not yet read. */
  behind = 0
  statements = 0
  readonly facts: TableFacts = {
    columns: ['calldate', 'uniqueid', 'sequence', 'duration', 'billsec', 'disposition'],
    timeColumn: 'calldate',
    isAbsolute: false,
    hasTimeIndex: true,
    mayWrite: false,
  }

  connect(): CdrTable {
    const { facts } = this
    let isOpen = true
    const during = <T>(act: () => T): Promise<T> => {
      this.statements += 1
      this.lostAfter -= 1
      if (this.lostAfter < 0) {
        isOpen = false
        this.lostAfter = Number.POSITIVE_INFINITY
      }
      return isOpen ? Promise.resolve(act()) : Promise.reject(new Error('connection lost'))
    }
    return {
      facts,
      buckets: (level, range) => during(() => this.#buckets(level, range)),
      rows: (prefix, level, page) => during(() => this.#rows(prefix, level, page)),
      lastRows: (limit) => during(() => this.#sorted().slice(-limit)),
      latest: () => during(() => this.#sorted().map(timeOf).at(-1) ?? undefined),
      earliest: () => during(() => this.#sorted().map(timeOf)[0] ?? undefined),
      close: () => {
        isOpen = false
      },
    }
  }

  #buckets(level: Level, { from, to }: Partial<TimeRange> = {}): Bucket[] {
    const within = this.rows.filter((row) => {
      const time = timeOf(row)
      if (time === null) return from === undefined && to === undefined
      return (from === undefined || time >= from) && (to === undefined || time < to)
    })
    const groups = Map.groupBy(within, (row) => timeOf(row)?.slice(0, level) ?? null)
    return [...groups].map(([prefix, rows]) => {
      const sum = (name: string) => rows.reduce((total, row) => total + Number(row[name]), 0)
      return { prefix, rows: rows.length, digest: [rows.length, sum('duration'), sum('sequence')].join(' ') }
    })
  }

  #rows(prefix: string | null, level: Level, { offset, limit }: Page): TableRow[] {
    const range = prefix === null ? undefined : rangeOf(prefix)
    const seen = this.rows.slice(0, this.rows.length - this.behind)
    const found = seen.filter((row) => {
      const time = timeOf(row)
      if (!range) return (time?.slice(0, level) ?? null) === prefix
      return time !== null && time >= range.from && time < range.to
    })
    return found.sort((a, b) => Number(a['sequence']) - Number(b['sequence'])).slice(offset, offset + limit)
  }

  #sorted(): TableRow[] {
    return this.rows
      .filter((row) => timeOf(row) !== null)
      .sort((a, b) => (String(timeOf(a)) < String(timeOf(b)) ? -1 : 1))
  }
}

function timeOf(row: TableRow): string | null {
  const time = row['calldate']
  return typeof time === 'string' ? time : null
}
