import type { Call } from '../../../contracts/calls.ts'
import { pageRowsDefault } from '../../../contracts/limits.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { SearchQuery } from '../../../contracts/routes/cdrs.ts'
import { callOf } from '../../domain/calls/call.ts'
import type { Search } from '../../domain/calls/search.ts'
import type { LogRow } from '../../stores/call-log.ts'
import type { ListingDependencies } from '../cdrs/list-cdrs.ts'
import { writeCursor } from '../cursor.ts'
import { readBytesMax, startPage } from '../search/page.ts'
import { fitsParty, type LogReader, readRows } from '../search/row-stream.ts'

export interface CallReader extends LogReader {
  legs(site: SiteId, linkedid: string): Promise<LogRow[]>
}
/** Whole calls; what the caller may not see or did not ask for is taken off by the handler. */
export interface CallPage {
  calls: Call[]
  cursor?: string
}

/** Most calls are one or two rows; a page's worth of calls is read in about as many. */
const rowsPerCall = 2

/** Calls whose legs are read at once: a page's worth in two rounds. */
const callsAtOnce = 26

/**
 * A page of ended calls. The rows of a call stand together in every list, so that a call is complete when the next one
 * begins; a search by party finds some of its legs, and the others are read by its id.
 */
export async function listCalls(
  site: SiteId,
  query: SearchQuery,
  listing: ListingDependencies & { log: CallReader },
): Promise<CallPage> {
  const { log, cursorKey, numbering } = listing
  const limit = query.limit ?? pageRowsDefault
  const { search, after } = startPage(site, 'calls', query, { cursorKey, numbering, now: listing.now() })
  const calls: Call[] = []
  let examined = after
  let bytes = 0
  /** Takes calls in their order; true once the page is full and another call fits it. */
  const take = async (groups: readonly LogRow[][]): Promise<boolean> => {
    for (let from = 0; from < groups.length; from += callsAtOnce) {
      for (const { legs, last } of await Promise.all(groups.slice(from, from + callsAtOnce).map(whole))) {
        const call = callOf(
          legs.map(({ cdr }) => cdr),
          numbering,
        )
        if (fits(call, legs, search)) {
          if (calls.length === limit) return true
          calls.push(call)
        }
        examined = last
      }
    }
    return false
  }
  const whole = async (group: LogRow[]) => {
    const legs = search.party && group[0] ? await log.legs(site, group[0].cdr.linkedid) : group
    // A leg that was found and is not there any more was erased in between.
    return { legs: legs.length > 0 ? legs : group, last: group.at(-1)?.row }
  }
  const next = (): CallPage => ({
    calls,
    ...(examined !== undefined && { cursor: writeCursor('calls', site, { search, after: examined }, cursorKey) }),
  })
  let open: LogRow[] = []
  for await (const run of readRows(log, site, search, after, () => (limit + 1 - calls.length) * rowsPerCall)) {
    bytes += run.bytes
    const closed: LogRow[][] = []
    for (const row of run.rows) {
      if (!fitsParty(row, search)) continue
      if (open[0] && callKey(open[0]) !== callKey(row)) {
        closed.push(open)
        open = []
      }
      open.push(row)
    }
    if (await take(closed)) return next()
    if (bytes >= readBytesMax && examined !== undefined) return next()
  }
  return (await take(open.length > 0 ? [open] : [])) ? next() : { calls }
}

/** `filed#linkedid`: legs that are filed apart are found as calls apart, and told whole each time by their id. */
function callKey({ row, cdr }: LogRow): string {
  return `${row.slice(0, row.indexOf('#'))}#${cdr.linkedid}`
}

function fits(call: Call, legs: readonly LogRow[], search: Search): boolean {
  const { disposition, result, direction, minDuration, accountcode } = search
  if (disposition !== undefined && !legs.some(({ cdr }) => cdr.disposition === disposition)) return false
  if (result !== undefined && call.result !== result) return false
  if (direction !== undefined && call.direction !== direction) return false
  if (minDuration !== undefined && (call.durationSeconds ?? 0) < minDuration) return false
  return accountcode === undefined || legs.some(({ cdr }) => cdr.accountcode === accountcode)
}
