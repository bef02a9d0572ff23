import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import type { NumberSearch } from '../../contracts/numbers/number-search.ts'
import { replacedFields } from '../domain/personal/erase-item.ts'
import { withTexts } from '../domain/personal/erase-unreadable.ts'
import { setNamed } from './expressions.ts'
import { KeyRow } from './keys.ts'
import { Store } from './table.ts'
import { keys } from './table-keys.ts'

const Pointer = v.looseObject({ sk: v.string() })
const AnyKey = v.looseObject({ pk: v.string() })
/** A pointer is 60 bytes: over 15,000 keys a page. */
const pagesMax = 100
/** What lets a key in, and to what. */
const fixed: ReadonlySet<string> = new Set([
  'pk',
  'sk',
  'site',
  'kind',
  'hash',
  'older',
  'scopes',
  'calls',
  'capsOf',
  'createdBy',
  'ttl',
])

/** Erases a number from the names of keys and boards, and from every other text of a key that cannot be read. */
export class KeyErasure extends Store {
  /** Calls `seen` for each key of the site: whether the number was in it, and whether it can be read. */
  async erase(
    site: SiteId,
    search: NumberSearch,
    seen: (key: { isErased: boolean; isReadable: boolean }) => void,
  ): Promise<void> {
    const list = { pk: keys.keyList(site, '').pk, read: 'consistent' } as const
    for await (const page of this.table.pages(Pointer, list, { pagesMax })) {
      for (const { sk: prefix } of page) {
        const row = await this.table.get(AnyKey, keys.key(prefix), 'consistent')
        // A pointer without a key is one of an unfinished request.
        if (!row) continue
        const isReadable = v.is(KeyRow, row)
        const changed = replacedFields(isReadable ? row : withTexts(row, search), search, fixed)
        if (changed.length > 0) {
          const condition = 'attribute_exists(pk)'
          await this.table.update(keys.key(prefix), { ...setNamed(changed), condition })
        }
        seen({ isErased: changed.length > 0, isReadable })
      }
    }
  }
}
