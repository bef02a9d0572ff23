import type { Call } from '../../../contracts/calls.ts'
import { pageRowsDefault } from '../../../contracts/limits.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { SearchQuery } from '../../../contracts/operations/cdrs.ts'
import { callOf } from '../../domain/calls/call.ts'
import type { Search } from '../../domain/calls/search.ts'
import type { LogRow } from '../../stores/call-log.ts'
import type { Listing } from '../cdrs/list-cdrs.ts'
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

/**
 * A page of ended calls. The rows of a call stand together in every list, so that a call is complete when the next one
 * begins; a search by party finds some of its legs, and the others are read by its id.
 */
export async function listCalls(
  site: SiteId,
  query: SearchQuery,
  listing: Listing & { log: CallReader },
): Promise<CallPage> {
  const { log, cursorKey, numbering } = listing
  const limit = query.limit ?? pageRowsDefault
  const { search, after } = startPage(site, 'calls', query, { cursorKey, numbering, now: listing.now() })
  const calls: Call[] = []
  let examined = after
  let bytes = 0
  let group: LogRow[] = []
  /** Takes the gathered rows as one call; true once the page is full and another call fits it. */
  const close = async (): Promise<boolean> => {
    const [first] = group
    const last = group.at(-1)
    if (!first || !last) return false
    const legs = search.party ? await log.legs(site, first.cdr.linkedid) : group
    group = []
    const call =
      legs.length > 0
        ? callOf(
            legs.map(({ cdr }) => cdr),
            numbering,
          )
        : undefined
    if (call && fits(call, legs, search)) {
      if (calls.length === limit) return true
      calls.push(call)
    }
    examined = last.row
    return false
  }
  const next = (): CallPage =>
    examined === undefined
      ? { calls }
      : { calls, cursor: writeCursor('calls', site, { search, after: examined }, cursorKey) }
  for await (const run of readRows(log, site, search, after, () => (limit + 1 - calls.length) * rowsPerCall)) {
    bytes += run.bytes
    for (const row of run.rows) {
      if (!fitsParty(row, search)) continue
      if (group[0] && callKey(group[0]) !== callKey(row) && (await close())) return next()
      group.push(row)
    }
    if (bytes >= readBytesMax && examined !== undefined) return next()
  }
  return (await close()) ? next() : { calls }
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
