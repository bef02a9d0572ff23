import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import type { NumberSearch } from '../../contracts/numbers/number-search.ts'
import { AuditEntry } from '../../contracts/routes/audit.ts'
import { erased } from '../domain/personal.ts'
import { eachFrom, type Position } from './position.ts'
import { Store } from './table.ts'
import { keys } from './table-keys.ts'

const Row = v.looseObject({ pk: v.string(), sk: v.string(), entry: AuditEntry })
const pagesMax = 100_000
/** What identifies an entry, and has no number. */
const fixed: ReadonlySet<string> = new Set(['at', 'id', 'requestId'])

/** Replaces a number in the texts of audit entries. The entries stay, and everything else in them. */
export class AuditErasure extends Store {
  readonly #isOver: () => boolean
  constructor(db: DynamoDBDocumentClient, tableName: string, isOver: () => boolean) {
    super(db, tableName)
    this.#isOver = isOver
  }

  async erase(site: SiteId, month: string, search: NumberSearch, position: Position): Promise<void> {
    const limits = { pagesMax, isOver: this.#isOver, after: position.after }
    const pages = this.table.pages(Row, { pk: keys.audit(site, month), read: 'consistent' }, limits)
    await eachFrom(pages, position, this.#isOver, async ({ pk, sk, entry }) => {
      const held = Object.entries(entry).filter(([name, text]) => isHeld(name, text, search))
      if (held.length === 0) return
      const values = Object.fromEntries(held.map(([, text], n) => [`t${n}`, search.replaceIn(String(text), erased)]))
      const names = Object.fromEntries(held.map(([name], n) => [`f${n}`, name]))
      const update = `SET ${held.map((_, n) => `#entry.#f${n} = :t${n}`).join(', ')}`
      await this.table.update({ pk, sk }, { update, condition: 'attribute_exists(pk)', names, values })
      position.count(1)
    })
  }
}

function isHeld(name: string, text: unknown, search: NumberSearch): boolean {
  return typeof text === 'string' && !fixed.has(name) && search.holds(text)
}
