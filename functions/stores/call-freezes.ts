import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import { ifAbsent } from './expressions.ts'
import { Store } from './table.ts'
import { keys } from './table-keys.ts'

const FreezeRow = v.looseObject({ sk: v.string(), at: v.number() })

/** A key that is frozen is 60 bytes, and a site has a few keys. */
const pagesMax = 10

/** Stores which keys are frozen: they may place no call until an administrator unfreezes them. */
export class CallFreezes extends Store {
  /** Freezes a key and returns since when it is frozen, Unix milliseconds: earlier than `now` if it was. */
  async freeze(site: SiteId, keyId: string, now: number): Promise<number> {
    const key = keys.callFreeze(site, keyId)
    if (await this.table.putIf({ ...key, at: now }, ifAbsent)) return now
    return (await this.table.get(FreezeRow, key, 'consistent'))?.at ?? now
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
