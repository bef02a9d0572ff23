import { randomUUID } from 'node:crypto'
import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import type { NumberSearch } from '../../contracts/numbers/number-search.ts'
import { erasedWebhook } from '../domain/personal/erase-webhook.ts'
import { eachFrom, type Position } from './position.ts'
import { ItemKey, Store } from './table.ts'
import { keys } from './table-keys.ts'
import { WebhookRow } from './webhooks.ts'

const AnyWebhook = v.looseObject({ ...ItemKey.entries, tag: v.optional(v.unknown()) })
/** A site has fifty webhooks: two pages. */
const pagesMax = 100

/** Erases a number from the webhooks of a site. They stay readable, so that the others of the site go on. */
export class WebhookErasure extends Store {
  async erase(site: SiteId, search: NumberSearch, position: Position, now: number): Promise<void> {
    const { pk } = keys.webhook(site, '')
    const pages = this.table.pages(AnyWebhook, { pk, read: 'consistent' }, { pagesMax, after: position.after })
    await eachFrom(
      pages,
      position,
      () => false,
      async ({ pk, sk, ...webhook }) => {
        if (!v.is(WebhookRow, webhook)) position.unreadable(1)
        const left = erasedWebhook(webhook, search, now)
        if (left === webhook) return
        const { tag } = webhook
        const isSame =
          tag === undefined ? { condition: 'attribute_exists(pk)' } : { condition: 'tag = :tag', values: { tag } }
        // One that was changed meanwhile is left to the next pass.
        await this.table.putIf({ ...left, pk, sk, tag: randomUUID() }, isSame)
        position.count(1)
      },
    )
  }
}
