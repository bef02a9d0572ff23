import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import { Store } from './table.ts'
import { keys } from './table-keys.ts'

const FreezeRow = v.looseObject({ sk: v.string(), at: v.number() })

/** A key that is frozen is 60 bytes, and a site has a few keys. */
const pagesMax = 10

/** Stores which keys are frozen: they may place no call until an administrator unfreezes them. */
export class CallFreezes extends Store {
  async freeze(site: SiteId, keyId: string, now: number): Promise<void> {
    await this.table.put({ ...keys.callFreeze(site, keyId), at: now })
  }

  async isFrozen(site: SiteId, keyId: string): Promise<boolean> {
    return (await this.table.get(FreezeRow, keys.callFreeze(site, keyId), 'consistent')) !== undefined
  }

  async thaw(site: SiteId, keyId: string): Promise<void> {
    await this.table.delete(keys.callFreeze(site, keyId))
  }

  /** Returns when each frozen key was frozen (Unix milliseconds), by key id. */
  async frozenKeys(site: SiteId): Promise<Map<string, number>> {
    const query = { pk: keys.callFreeze(site, '').pk, read: 'consistent' } as const
    const rows = await this.table.items(FreezeRow, query, pagesMax)
    return new Map(rows.map(({ sk, at }) => [sk, at]))
  }
}
