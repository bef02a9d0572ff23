import type { Cdr } from '../../../contracts/cdr.ts'
import type { CdrPage } from '../../../contracts/http.ts'
import { pageRowsDefault } from '../../../contracts/limits.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { SearchQuery } from '../../../contracts/routes/cdrs.ts'
import { isNamed } from '../../domain/calls/caller-name.ts'
import { directionOf } from '../../domain/calls/direction.ts'
import { readLeg } from '../../domain/calls/leg.ts'
import type { Search } from '../../domain/calls/search.ts'
import type { Numbering } from '../../domain/phone-number.ts'
import type { LogRow } from '../../stores/call-log.ts'
import { type PageOwner, readBytesMax, startPage, writePageCursor } from '../search/page.ts'
import { denseRows, fitsParty, type LogReader, readRows } from '../search/row-stream.ts'

export interface ListingDependencies {
  log: LogReader
  cursorKey: string
  now: () => number
  numbering: Numbering
  /** Whether the caller may see numbers and names. The handler hides them; here they bind the cursor. */
  personal: boolean
}

/** Returns a page of the site's CDRs whose call started between `from` and `to`. `list` names the routes that take its cursor. */
export async function listCdrs(
  site: SiteId,
  query: SearchQuery,
  listing: ListingDependencies,
  list: PageOwner['list'] = 'cdrs',
): Promise<CdrPage> {
  const { log, cursorKey, numbering, personal } = listing
  const owner = { site, list, personal }
  const limit = query.limit ?? pageRowsDefault
  const { search, after } = startPage(owner, query, { cursorKey, numbering, now: listing.now() })
  const page: LogRow[] = []
  // One row more than the page shows whether there is a next page.
  const wanted = () => (isFiltered(search) ? denseRows : limit + 1 - page.length)
  const next = (last: string): CdrPage => ({
    cdrs: page.map(shownRow),
    cursor: writePageCursor(owner, { search, after: last }, cursorKey),
  })
  let bytes = 0
  let examined = after
  for await (const run of readRows(log, site, search, after, wanted)) {
    bytes += run.bytes
    for (const row of run.rows) {
      if (!fits(row, search, numbering)) examined = row.row
      else if (page.length < limit) {
        page.push(row)
        examined = row.row
      } else return next(examined ?? row.row)
    }
    if (bytes >= readBytesMax && examined !== undefined) {
      return next(examined)
    }
  }
  return { cdrs: page.map(shownRow) }
}

/** A doubtful record is listed with its reason, in the field `doubt`. */
function shownRow({ cdr, doubt }: LogRow): Cdr {
  return doubt === undefined ? cdr : { ...cdr, doubt }
}

function isFiltered({ disposition, direction, minDuration, accountcode, name }: Search): boolean {
  return [disposition, direction, minDuration, accountcode, name].some((filter) => filter !== undefined)
}

/** Applies the filters that no index of the table covers. */
function fits(row: LogRow, search: Search, numbering: Numbering): boolean {
  const { cdr } = row
  const { disposition, direction, minDuration, accountcode, name } = search
  if (!fitsParty(row, search)) return false
  if (disposition !== undefined && cdr.disposition !== disposition) return false
  if (minDuration !== undefined && cdr.duration < minDuration) return false
  if (accountcode !== undefined && cdr.accountcode !== accountcode) return false
  if (name !== undefined && !isNamed(cdr, name)) return false
  if (direction === undefined) return true
  const leg = readLeg(cdr, numbering)
  return leg !== undefined && directionOf(leg) === direction
}
