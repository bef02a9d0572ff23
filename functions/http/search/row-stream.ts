import type { SiteId } from '../../../contracts/names.ts'
import type { Search } from '../../domain/calls/search.ts'
import { monthsBack } from '../../domain/filing.ts'
import type { LogRow, Side, Slice, Span } from '../../stores/call-log.ts'

export interface LogReader {
  byTime(site: SiteId, month: string, span: Span, limit: number): Promise<Slice>
  byParty(site: SiteId, side: Side, month: string, number: string, span: Span, limit: number): Promise<Slice>
  byPrefix(site: SiteId, side: Side, month: string, prefix: string): Promise<Slice>
}

/** Rows of one query, in the order of the search, before the filters that no index covers. */
export interface Run {
  rows: LogRow[]
  bytes: number
}

/** Yields the rows of a search after the row `after`, query by query; `limit` returns how many rows the next query should read. */
export async function* readRows(
  log: LogReader,
  site: SiteId,
  search: Search,
  after: string | undefined,
  limit: () => number,
): AsyncGenerator<Run> {
  const months = monthsBack(search.from, search.to)
  if (!search.newestFirst) months.reverse()
  const passed = after?.slice(0, 7)
  for (const month of months) {
    if (passed !== undefined && (search.newestFirst ? month > passed : month < passed)) continue
    let seen = month === passed ? after : undefined
    const prefixed = search.party?.prefixes
      ? await readPrefixed(log, site, month, search.party.prefixes, search.party.sides)
      : undefined
    // Ends with the month: at most as many queries as rows. The caller stops earlier, when its page or byte budget is full.
    for (;;) {
      const { from, to, newestFirst } = search
      const span = { from, to, newestFirst, after: seen }
      const slice = prefixed?.all
        ? merge(prefixed.all, span, limit())
        : await readSlice(log, site, month, search, span, limit())
      if (prefixed) slice.bytes += prefixed.bytes.splice(0).reduce((sum, bytes) => sum + bytes, 0)
      yield slice
      seen = slice.rows.at(-1)?.row ?? seen
      if (!slice.more) break
    }
  }
}

async function readSlice(
  log: LogReader,
  site: SiteId,
  month: string,
  search: Search,
  span: Span,
  limit: number,
): Promise<Slice> {
  const exact = search.party?.exact
  if (!search.party || exact === undefined) return log.byTime(site, month, span, search.party ? denseRows : limit)
  const { sides } = search.party
  return merge(await Promise.all(sides.map((side) => log.byParty(site, side, month, exact, span, limit))), span, limit)
}

/**
 * Returns all rows of a month whose number has one of the prefixes, or undefined if they are more than one query reads: then
 * reading rows by time and filtering them reaches the first page sooner. `bytes` is what the queries read, to be counted once.
 */
async function readPrefixed(
  log: LogReader,
  site: SiteId,
  month: string,
  prefixes: readonly string[],
  sides: readonly Side[],
) {
  const reads = sides.flatMap((side) => prefixes.map((prefix) => log.byPrefix(site, side, month, prefix)))
  const found = await Promise.all(reads)
  const bytes = [found.reduce((sum, slice) => sum + slice.bytes, 0)]
  if (found.some(({ more }) => more)) return { all: undefined, bytes }
  return { all: found.map((slice) => ({ ...slice, bytes: 0 })), bytes }
}

/** Rows read at once where most are filtered away: about 200 KB. */
export const denseRows = 400

/** Several ordered slices as one, each row once, cut where the first of them may have more. */
function merge(slices: readonly Slice[], { from, to, newestFirst, after }: Span, limit: number): Slice {
  const byRow = new Map(slices.flatMap(({ rows }) => rows).map((row) => [row.row, row]))
  const isAfter = (row: string) => after === undefined || (newestFirst ? row < after : row > after)
  const within = (row: string) => row >= from && row <= `${to}~` && isAfter(row)
  const rows = [...byRow.values()].filter(({ row }) => within(row)).sort((x, y) => (x.row < y.row ? -1 : 1))
  if (newestFirst) rows.reverse()
  // Beyond the last row of a slice that has more, rows of that slice are missing.
  const ends = slices.filter(({ more }) => more).map((slice) => slice.rows.at(-1)?.row ?? '')
  const isKnown = (row: string) => ends.every((end) => (newestFirst ? row >= end : row <= end))
  const known = rows.filter(({ row }) => isKnown(row))
  const bytes = slices.reduce((sum, slice) => sum + slice.bytes, 0)
  return { rows: known.slice(0, limit), more: ends.length > 0 || known.length > limit, bytes }
}

/** True for rows that the search's number, if it has one, fits. */
export function fitsParty({ a, b }: LogRow, { party }: Search): boolean {
  if (!party) return true
  const numbers = party.sides.map((side) => (side === 'caller' ? a : b))
  if (party.exact !== undefined) return numbers.includes(party.exact)
  return numbers.some((number) => party.prefixes?.some((prefix) => number.startsWith(prefix)))
}
