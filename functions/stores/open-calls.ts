import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import { ifPresent } from './expressions.ts'
import { Store } from './table.ts'
import { keys } from './table-keys.ts'

const Ids = v.optional(v.union([v.set(v.string()), v.array(v.string())]))
const OpenRow = v.looseObject({ all: Ids })
/** The contracts allow caps of 1,000 at most, and 1,000 ids are 27 KB in one item. */
export interface OpenCaps {
  site: number
  key: number
}

/**
 * Stores which calls placed through the API have not ended: one item a site, with a set of all ids and a set for each key.
 * An id is added on the condition that the sets are not full, so concurrent requests cannot exceed a cap together.
 */
export class OpenCalls extends Store {
  /** Returns false if the site or the key has as many open calls as it may. */
  async add(site: SiteId, keyId: string, call: string, max: OpenCaps): Promise<boolean> {
    if (max.site === 0 || max.key === 0) return false
    return this.table.update(keys.openCalls(site), {
      update: 'ADD #all :call, #key :call',
      condition:
        '(attribute_not_exists(#all) OR size(#all) < :site) AND (attribute_not_exists(#key) OR size(#key) < :max)',
      names: { key: `key:${keyId}` },
      values: { call: new Set([call]), site: max.site, max: max.key },
    })
  }

  async remove(site: SiteId, keyId: string, call: string): Promise<void> {
    await this.table.update(keys.openCalls(site), {
      update: 'DELETE #all :call, #key :call',
      // Without the condition, the update would create the item again after its site was deleted.
      ...ifPresent,
      names: { key: `key:${keyId}` },
      values: { call: new Set([call]) },
    })
  }

  async list(site: SiteId): Promise<string[]> {
    const row = await this.table.get(OpenRow, keys.openCalls(site), 'consistent')
    return [...(row?.all ?? [])]
  }
}
