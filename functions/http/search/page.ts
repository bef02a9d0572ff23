import * as v from 'valibot'
import type { SiteId } from '../../../contracts/names.ts'
import type { CallQuery } from '../../../contracts/routes/calls.ts'
import { Search } from '../../domain/calls/search.ts'
import { cursorInvalid, readCursor, writeCursor } from '../cursor.ts'
import { parseSearch } from './search-query.ts'

/** One request reads at most 2 MB: a page of a filtered search may end there, short of its limit, with a cursor. */
export const readBytesMax = 2_097_152

/** What the cursor of a page is bound to besides its search. */
export interface PageOwner {
  site: SiteId
  list: 'cdrs' | 'calls' | 'export'
  /** The caller may see numbers and names, and may search for them: a cursor holds such a search. */
  personal: boolean
}

/** Content of a cursor: the search, and the last row of the page. */
const Position = v.object({ search: Search, after: v.string() })
type Position = v.InferOutput<typeof Position>

/**
 * Returns the search of a request: a new one, or the one in the cursor and the position to continue from.
 * @throws HttpProblemError 400 if the cursor is of another list, site or view, or the request has other filters than its search
 */
export function startPage(
  owner: PageOwner,
  query: CallQuery,
  { cursorKey, now, numbering }: { cursorKey: string; now: number; numbering: Parameters<typeof parseSearch>[1] },
): { search: Search; after: string | undefined } {
  if (query.cursor === undefined) return { search: parseSearch(query, numbering, now), after: undefined }
  const position = readCursor(listOf(owner), owner.site, Position, query.cursor, cursorKey)
  const given = filters.filter(([name]) => query[name] !== undefined)
  const repeated = given.length > 0 ? parseSearch(query, numbering, now) : position.search
  const other = given.find(([, part]) => JSON.stringify(repeated[part]) !== JSON.stringify(position.search[part]))
  if (other) throw cursorInvalid(`Not a cursor of a search with this ${other[0]}. Leave the filters out.`)
  return position
}

export function writePageCursor(owner: PageOwner, position: Position, cursorKey: string): string {
  return writeCursor(listOf(owner), owner.site, position, cursorKey)
}

function listOf({ list, personal }: PageOwner): string {
  return personal ? `${list} with numbers` : list
}

/** The part of a search that each parameter sets. */
const filters = [
  ['from', 'from'],
  ['to', 'to'],
  ['order', 'newestFirst'],
  ['caller', 'party'],
  ['called', 'party'],
  ['party', 'party'],
  ['disposition', 'disposition'],
  ['result', 'results'],
  ['direction', 'direction'],
  ['minDuration', 'minDuration'],
  ['accountcode', 'accountcode'],
  ['name', 'name'],
] as const satisfies (readonly [keyof CallQuery, keyof Search])[]

/** Returns an item with the fields that `fields` names, or all of them if it is undefined. */
export function pick<T extends object>(fields: string | undefined, item: T): Partial<T> {
  if (fields === undefined) return item
  const wanted = new Set(fields.split(','))
  return Object.fromEntries(Object.entries(item).filter(([name]) => wanted.has(name))) as Partial<T>
}
