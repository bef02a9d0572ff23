import * as v from 'valibot'
import type { SiteId } from '../../../contracts/names.ts'
import type { SearchQuery } from '../../../contracts/routes/cdrs.ts'
import { Search } from '../../domain/calls/search.ts'
import { readCursor } from '../cursor.ts'

import { parseSearch } from './search-query.ts'

/** What one request reads at most, 2 MB: a page of filtered rows ends there, short, with a cursor. */
export const readBytesMax = 2_097_152

/** What is asked for: a new search, or the next page of the one that the cursor carries. */
export function startPage(
  site: SiteId,
  list: 'cdrs' | 'calls',
  query: SearchQuery,
  { cursorKey, now, numbering }: { cursorKey: string; now: number; numbering: Parameters<typeof parseSearch>[1] },
): { search: Search; after: string | undefined } {
  if (query.cursor === undefined) return { search: parseSearch(query, numbering, now), after: undefined }
  return readCursor(list, site, Position, query.cursor, cursorKey)
}

/** Where a page ended: after this row, in this search. */
const Position = v.object({ search: Search, after: v.string() })
export type Position = v.InferOutput<typeof Position>

/** The named fields of an item and no others; all of them without `fields`. */
export function pick<T extends object>(fields: string | undefined, item: T): Partial<T> {
  if (fields === undefined) return item
  const wanted = new Set(fields.split(','))
  return Object.fromEntries(Object.entries(item).filter(([name]) => wanted.has(name))) as Partial<T>
}
