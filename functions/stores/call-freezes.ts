import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import { KeyFrozen } from '../../contracts/webhook-event-data.ts'
import { ifAbsent } from './expressions.ts'
import { ItemKey, Store } from './table.ts'
import { keys } from './table-keys.ts'

const FreezeRow = v.looseObject({ sk: v.string(), at: v.number() })
const { cap } = KeyFrozen.entries
/** A freeze whose event may not be sent yet. It is written before the freeze, so a crash at any time loses no event. */
const IntentRow = v.looseObject({
  ...ItemKey.entries,
  site: v.string(),
  key: v.string(),
  cap,
  at: v.number(),
  /** When the key was frozen, if it was unfrozen before the event was sent. */
  frozenAt: v.optional(v.number()),
})
export type FreezeIntent = v.InferOutput<typeof IntentRow>

/** A key that is frozen is 60 bytes, and a site has a few keys. */
const pagesMax = 10
/** Freezes of one sweep. Each is left over from a function that was killed. */
const intentsMax = 100

/** Stores which keys are frozen: they may place no call until an administrator unfreezes them. */
export class CallFreezes extends Store {
  /** Stores that a key is about to be frozen, until `forget` says that the event of the freeze is sent. */
  async intend(site: SiteId, key: string, cap: FreezeIntent['cap'], at: number): Promise<void> {
    await this.table.put({ ...intentKey(site, key, at), site, key, cap, at })
  }

  async forget(site: SiteId, key: string, at: number): Promise<void> {
    await this.table.delete(intentKey(site, key, at))
  }

  /** Returns freezes that were intended before a time and whose events may be unsent, oldest first within a key. */
  async unsent(before: number): Promise<FreezeIntent[]> {
    const query = { pk: keys.freezeIntents, read: 'consistent', limit: intentsMax, unreadable: 'skip' } as const
    const { items } = await this.table.page(IntentRow, query)
    return items.filter(({ at }) => at < before)
  }

  /** Returns when the key of an intended freeze was frozen (Unix milliseconds), or undefined if it was not. */
  async frozenAt({ site, key, frozenAt }: FreezeIntent): Promise<number | undefined> {
    return frozenAt ?? (await this.table.get(FreezeRow, keys.callFreeze(site, key), 'consistent'))?.at
  }

  /** Freezes a key and returns since when it is frozen, Unix milliseconds: earlier than `now` if it was. */
  async freeze(site: SiteId, keyId: string, now: number): Promise<number> {
    const key = keys.callFreeze(site, keyId)
    if (await this.table.putIf({ ...key, at: now }, ifAbsent)) return now
    return (await this.table.get(FreezeRow, key, 'consistent'))?.at ?? now
  }

  async isFrozen(site: SiteId, keyId: string): Promise<boolean> {
    return (await this.table.get(FreezeRow, keys.callFreeze(site, keyId), 'consistent')) !== undefined
  }

  /** Unfreezes a key. An event of the freeze that is not sent yet keeps the time of the freeze. */
  async thaw(site: SiteId, keyId: string): Promise<void> {
    const frozen = await this.table.get(FreezeRow, keys.callFreeze(site, keyId), 'consistent')
    if (!frozen) return
    const beginsWith = keys.freezeIntent(site, keyId, '').sk
    const query = { pk: keys.freezeIntents, sk: { beginsWith }, read: 'consistent', unreadable: 'skip' } as const
    for (const { pk, sk } of await this.table.items(IntentRow, query, pagesMax)) {
      const condition = 'attribute_exists(pk) AND attribute_not_exists(frozenAt)'
      await this.table.update({ pk, sk }, { update: 'SET frozenAt = :at', condition, values: { at: frozen.at } })
    }
    await this.table.delete(keys.callFreeze(site, keyId))
  }

  /** Returns when each frozen key was frozen (Unix milliseconds), by key id. */
  async frozenKeys(site: SiteId): Promise<Map<string, number>> {
    const query = { pk: keys.callFreeze(site, '').pk, read: 'consistent' } as const
    const rows = await this.table.items(FreezeRow, query, pagesMax)
    return new Map(rows.map(({ sk, at }) => [sk, at]))
  }
}

function intentKey(site: SiteId, key: string, at: number): ItemKey {
  return keys.freezeIntent(site, key, new Date(at).toISOString())
}
