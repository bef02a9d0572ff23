import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import { Cdr } from '../../contracts/cdr.ts'
import { cdrHash } from '../../contracts/cdr-digest.ts'
import type { SiteId } from '../../contracts/names.ts'
import { sameCdr } from '../domain/cdr-identity.ts'
import { type Filing, fileCdr } from '../domain/filing.ts'
import { canonicalNumber, type Numbering } from '../domain/phone-number.ts'
import { unlessConditionFailed } from './table.ts'
import { keys } from './table-keys.ts'

/** `a` and `b` are the canonical numbers of caller and callee, absent where there is none. */
export const TimeRow = v.looseObject({
  sk: v.string(),
  cdr: Cdr,
  raw: v.optional(v.string()),
  a: v.optional(v.string()),
  b: v.optional(v.string()),
  erased: v.optional(v.boolean()),
  ttl: v.optional(v.number()),
})
export type TimeRow = v.InferOutput<typeof TimeRow>

/** How long a site keeps a CDR after its call began; for ever where absent. A change is of rows stored from then on. */
export interface Retention {
  retentionDays?: number
}

/** Sites are filed in one lane; more are for sites that write over 1,000 units a second. */
export const lane = 0

/** A sort key is 1 KB at most; no number is near this long, what else stands in `dst` is found by its beginning. */
const partyKeyMax = 64

/** `apart`: the natural key was taken by another call, so this one stands beside it. */
export type PutOutcome = 'stored' | 'duplicate' | 'apart'

/** The call log's writing side. A CDR is three rows (time, caller, callee): 3 write units, 2 where a party is empty. */
export class CdrStore {
  readonly #db: DynamoDBDocumentClient
  readonly #table: string
  constructor(db: DynamoDBDocumentClient, table: string) {
    this.#db = db
    this.#table = table
  }

  /**
   * Stores a CDR under its natural key. The time row is put first and only if absent; the other rows are put from what
   * the time row holds, so that a delivery repeated after a crash completes them and changes nothing else.
   */
  async put(site: SiteId, cdr: Cdr, raw: string | undefined, numbering: Numbering & Retention): Promise<PutOutcome> {
    const filing = fileCdr(cdr)
    const pk = keys.timeRows(site, filing.month, lane)
    const [a, b] = [canonicalNumber(cdr.src, numbering), canonicalNumber(cdr.dst, numbering)]
    const ttl = lastSecond(filing, numbering)
    const row: TimeRow = { sk: filing.row, cdr, raw, a: a || undefined, b: b || undefined, ttl }
    if (await this.#putIfAbsent({ pk, ...row })) return this.#complete(site, filing, row, 'stored')
    const known = await this.#stored({ pk, sk: row.sk })
    // An erased row has lost what could tell a redelivery from another call; it is never written over.
    if (known.erased || sameCdr(known.cdr, cdr)) return this.#complete(site, filing, known, 'duplicate')
    const beside = { ...row, sk: `${row.sk}#${cdrHash(cdr)}` }
    if (await this.#putIfAbsent({ pk, ...beside })) return this.#complete(site, filing, beside, 'apart')
    return this.#complete(site, filing, await this.#stored({ pk, sk: beside.sk }), 'duplicate')
  }

  async #complete(site: SiteId, filing: Filing, row: TimeRow, outcome: PutOutcome): Promise<PutOutcome> {
    const { sk, cdr, a, b, ttl } = row
    const rows = [
      a && { pk: keys.callerRows(site, filing.month), sk: partyKey(a, sk), cdr, a, b, ttl },
      b && { pk: keys.calleeRows(site, filing.month), sk: partyKey(b, sk), cdr, a, b, ttl },
      filing.needsAlias && { pk: keys.alias(site, cdr.linkedid), sk, ttl },
    ]
    await Promise.all(rows.map((Item) => Item && this.#db.send(new PutCommand({ TableName: this.#table, Item }))))
    return outcome
  }

  async #putIfAbsent(Item: Record<string, unknown>): Promise<boolean> {
    const ConditionExpression = 'attribute_not_exists(pk)'
    return unlessConditionFailed(this.#db.send(new PutCommand({ TableName: this.#table, Item, ConditionExpression })))
  }

  async #stored(Key: { pk: string; sk: string }): Promise<TimeRow> {
    const { Item } = await this.#db.send(new GetCommand({ TableName: this.#table, Key, ConsistentRead: true }))
    return v.parse(TimeRow, Item)
  }
}

/** Unix seconds at which a row may go. */
export function lastSecond({ filed }: Pick<Filing, 'filed'>, { retentionDays }: Retention): number | undefined {
  return retentionDays === undefined ? undefined : Date.parse(filed) / 1000 + retentionDays * 86_400
}

export function partyKey(number: string, row: string): string {
  return `${number.slice(0, partyKeyMax)}#${row}`
}
