import type { Call } from '../../../contracts/calls.ts'
import { pageRowsDefault } from '../../../contracts/limits.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { CallQuery } from '../../../contracts/routes/calls.ts'
import { callOf } from '../../domain/calls/call.ts'
import { isNamed } from '../../domain/calls/caller-name.ts'
import { isOpen, isPlacedCall, type PlacedFacts } from '../../domain/calls/placed.ts'
import type { Search } from '../../domain/calls/search.ts'
import type { LogRow } from '../../stores/call-log.ts'
import type { ListingDependencies } from '../cdrs/list-cdrs.ts'
import { readBytesMax, startPage, writePageCursor } from '../search/page.ts'
import { fitsParty, type LogReader, readRows } from '../search/row-stream.ts'

export interface CallReader extends LogReader {
  legs(site: SiteId, linkedid: string): Promise<LogRow[]>
}
/** Rows of calls that were placed through the API. */
export interface PlacedReader {
  find(site: SiteId, call: string): Promise<PlacedFacts | undefined>
}
/** Whole calls. The handler hides personal data and drops fields that were not requested. */
export interface CallPage {
  calls: Call[]
  cursor?: string
}

/** Most calls have one or two rows. */
const rowsPerCall = 2

/** Calls whose legs are read at the same time: a default page takes two rounds. */
const callsAtOnce = 26

/**
 * Returns a page of ended calls. The rows of a call are adjacent in every list, so a call is complete when the next one begins.
 * A search by party finds only some legs of a call; the others are read by its linkedid.
 */
export async function listCalls(
  site: SiteId,
  query: CallQuery,
  listing: ListingDependencies & { log: CallReader; placed: PlacedReader },
): Promise<CallPage> {
  const { log, cursorKey, numbering, placed, personal } = listing
  const owner = { site, list: 'calls', personal } as const
  const limit = query.limit ?? pageRowsDefault
  const { search, after } = startPage(owner, query, { cursorKey, numbering, now: listing.now() })
  const calls: Call[] = []
  let examined = after
  let bytes = 0
  /** Adds matching calls to the page, in order. Returns true once the page is full and one more call matches. */
  const take = async (groups: readonly LogRow[][]): Promise<boolean> => {
    for (let from = 0; from < groups.length; from += callsAtOnce) {
      for (const { legs, row, last } of await Promise.all(groups.slice(from, from + callsAtOnce).map(whole))) {
        const cdrs = legs.map(({ cdr }) => cdr)
        const call = row && isOpen(row, listing.now()) ? undefined : callOf(cdrs, numbering, row)
        if (call && fits(call, legs, search)) {
          if (calls.length === limit) return true
          calls.push(call)
        }
        examined = last
      }
    }
    return false
  }
  const whole = async (group: LogRow[]) => {
    const linkedid = group[0]?.cdr.linkedid ?? ''
    const [legs, row] = await Promise.all([
      search.party ? log.legs(site, linkedid) : group,
      isPlacedCall(linkedid) ? placed.find(site, linkedid) : undefined,
    ])
    // If no leg is left, the call was erased after the search found it.
    return { legs: legs.length > 0 ? legs : group, row, last: group.at(-1)?.row }
  }
  const next = (): CallPage => ({
    calls,
    ...(examined !== undefined && { cursor: writePageCursor(owner, { search, after: examined }, cursorKey) }),
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

/** Returns `filed#linkedid`. Legs of a call that are filed under different times appear as calls of their own. */
function callKey({ row, cdr }: LogRow): string {
  return `${row.slice(0, row.indexOf('#'))}#${cdr.linkedid}`
}

function fits(call: Call, legs: readonly LogRow[], search: Search): boolean {
  const { disposition, results, direction, minDuration, accountcode, name } = search
  if (disposition !== undefined && !legs.some(({ cdr }) => cdr.disposition === disposition)) return false
  if (results !== undefined && !results.some((result) => result === call.result)) return false
  if (direction !== undefined && call.direction !== direction) return false
  if (minDuration !== undefined && (call.durationSeconds ?? 0) < minDuration) return false
  if (name !== undefined && !legs.some(({ cdr }) => isNamed(cdr, name))) return false
  return accountcode === undefined || legs.some(({ cdr }) => cdr.accountcode === accountcode)
}
