import { randomUUID } from 'node:crypto'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import type { NumberSearch } from '../../contracts/numbers/number-search.ts'
import { erasedWebhook } from '../domain/personal/erase-webhook.ts'
import { type DataKeys, SealError } from '../domain/webhooks/vault.ts'
import { eachFrom, type Position } from './position.ts'
import { openedItem, sealedItem } from './sealed-webhook.ts'
import { type Item, ItemKey, Store } from './table.ts'
import { keys } from './table-keys.ts'
import { WebhookRow } from './webhooks.ts'

const AnyWebhook = v.looseObject({ ...ItemKey.entries, tag: v.optional(v.unknown()) })
/** A site has fifty webhooks: two pages. */
const pagesMax = 100

/** Erases a number from the webhooks of a site. They stay readable, so that the others of the site go on. */
export class WebhookErasure extends Store {
  readonly #keys: () => Promise<DataKeys>
  constructor(db: DynamoDBDocumentClient, tableName: string, keys: () => Promise<DataKeys>) {
    super(db, tableName)
    this.#keys = keys
  }

  async erase(site: SiteId, search: NumberSearch, position: Position, now: number): Promise<void> {
    const { pk } = keys.webhook(site, '')
    const pages = this.table.pages(AnyWebhook, { pk, read: 'consistent' }, { pagesMax, after: position.after })
    await eachFrom(
      pages,
      position,
      () => false,
      async ({ pk, sk, ...stored }) => {
        const webhook = await this.#opened(site, stored)
        if (!v.is(WebhookRow, webhook)) position.unreadable(1)
        const erased = erasedWebhook(webhook, search, now)
        if (erased === webhook) return
        // What cannot be opened stays sealed: the rest of the row lost the number.
        const left = 'sealed' in erased ? erased : sealedItem(site, erased, await this.#keys())
        const { tag } = webhook
        const isSame =
          tag === undefined ? { condition: 'attribute_exists(pk)' } : { condition: 'tag = :tag', values: { tag } }
        // One that was changed meanwhile is left to the next pass.
        await this.table.putIf({ ...left, pk, sk, tag: randomUUID() }, isSame)
        position.count(1)
      },
    )
  }

  async #opened(site: SiteId, stored: Item & { tag?: unknown }): Promise<Item & { tag?: unknown }> {
    try {
      return openedItem(site, stored, await this.#keys())
    } catch (error) {
      if (error instanceof SealError) return stored
      throw error
    }
  }
}
