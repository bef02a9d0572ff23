import * as v from 'valibot'
import type { SiteId } from '../../../contracts/names.ts'
import type { SearchQuery } from '../../../contracts/routes/cdrs.ts'
import { Search } from '../../domain/calls/search.ts'
import { readCursor } from '../cursor.ts'

import { parseSearch } from './search-query.ts'

/** One request reads at most 2 MB: a page of a filtered search may end there, short of its limit, with a cursor. */
export const readBytesMax = 2_097_152

/** Returns the search of a request: a new one, or the one in the cursor and the position to continue from. */
export function startPage(
  site: SiteId,
  list: 'cdrs' | 'calls',
  query: SearchQuery,
  { cursorKey, now, numbering }: { cursorKey: string; now: number; numbering: Parameters<typeof parseSearch>[1] },
): { search: Search; after: string | undefined } {
  if (query.cursor === undefined) return { search: parseSearch(query, numbering, now), after: undefined }
  return readCursor(list, site, Position, query.cursor, cursorKey)
}

/** Content of a cursor: the search, and the last row of the page. */
const Position = v.object({ search: Search, after: v.string() })
export type Position = v.InferOutput<typeof Position>

/** Returns an item with the fields that `fields` names, or all of them if it is undefined. */
export function pick<T extends object>(fields: string | undefined, item: T): Partial<T> {
  if (fields === undefined) return item
  const wanted = new Set(fields.split(','))
  return Object.fromEntries(Object.entries(item).filter(([name]) => wanted.has(name))) as Partial<T>
}
