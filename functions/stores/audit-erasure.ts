import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import type { NumberSearch } from '../../contracts/numbers/number-search.ts'
import { AuditEntry } from '../../contracts/routes/audit.ts'
import { replacedFields } from '../domain/personal/erase-item.ts'
import { withTexts } from '../domain/personal/erase-unreadable.ts'
import { setNamed } from './expressions.ts'
import { eachFrom, type Position } from './position.ts'
import { ItemKey, Store } from './table.ts'
import { keys } from './table-keys.ts'

const AnyRow = v.looseObject(ItemKey.entries)
const Row = v.looseObject({ entry: AuditEntry })
const pagesMax = 100_000
/** What identifies an entry, and has no number. */
const fixed: ReadonlySet<string> = new Set(['pk', 'sk', 'at', 'id', 'requestId', 'ttl'])

/** Replaces a number in the texts of audit entries. The entries stay, and everything else in them. */
export class AuditErasure extends Store {
  readonly #isOver: () => boolean
  constructor(db: DynamoDBDocumentClient, tableName: string, isOver: () => boolean) {
    super(db, tableName)
    this.#isOver = isOver
  }

  /** An entry that cannot be read is searched in the same way, and counted. */
  async erase(site: SiteId, month: string, search: NumberSearch, position: Position): Promise<void> {
    const limits = { pagesMax, isOver: this.#isOver, after: position.after }
    const pages = this.table.pages(AnyRow, { pk: keys.audit(site, month), read: 'consistent' }, limits)
    await eachFrom(pages, position, this.#isOver, async (row) => {
      const isReadable = v.is(Row, row)
      if (!isReadable) position.unreadable(1)
      const changed = replacedFields(isReadable ? row : withTexts(row, search), search, fixed)
      if (changed.length === 0) return
      await this.table.update({ pk: row.pk, sk: row.sk }, { ...setNamed(changed), condition: 'attribute_exists(pk)' })
      position.count(1)
    })
  }
}
