import { type ItemKey, OutOfTimeError } from './table.ts'

/** Where a search of many items is, so that the next invocation continues it. */
export interface Position {
  /** The last item that an earlier invocation has dealt with. */
  after?: ItemKey | undefined
  /** Saves that all items up to this one are dealt with. */
  reached(key: ItemKey): Promise<void>
  /** Counts items that held what is searched. */
  count(items: number): void
  /** Counts items that no schema accepts. They are searched as plain texts. */
  unreadable(items: number): void
}

/**
 * Calls `act` for each item, and saves the position after each page and when the time is over. A page of a megabyte may need
 * more writes than one invocation has time for.
 */
export async function eachFrom<Item extends ItemKey>(
  pages: AsyncIterable<readonly Item[]>,
  { reached }: Position,
  isOver: () => boolean,
  act: (item: Item) => Promise<void>,
): Promise<void> {
  for await (const items of pages) {
    let last: ItemKey | undefined
    for (const item of items) {
      if (last && isOver()) {
        await reached(last)
        throw new OutOfTimeError('the invocation has no time left')
      }
      await act(item)
      last = { pk: item.pk, sk: item.sk }
    }
    if (last) await reached(last)
  }
}
