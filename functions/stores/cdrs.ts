import * as v from 'valibot'
import { Cdr } from '../../contracts/cdr.ts'
import { cdrHash } from '../../contracts/cdr-digest.ts'
import type { SiteId } from '../../contracts/names.ts'
import { partiesOfCdr } from '../domain/calls/leg.ts'
import { type Filing, fileCdr } from '../domain/filing.ts'
import type { Numbering } from '../domain/phone-number.ts'
import { ifAbsent } from './expressions.ts'
import { type ItemKey, Store } from './table.ts'
import { keys } from './table-keys.ts'

/** A CDR under its time. `a` and `b` are the canonical numbers of caller and callee, absent if the CDR names none. */
export const TimeRow = v.looseObject({
  sk: v.string(),
  cdr: Cdr,
  raw: v.optional(v.string()),
  a: v.optional(v.string()),
  b: v.optional(v.string()),
  /** Why the record cannot be true or whole: it is listed with its reason and counted in no total. */
  doubt: v.optional(v.string()),
  erased: v.optional(v.boolean()),
  /** Id of the import that stored the row; absent for a row that the bridge sent. */
  importId: v.optional(v.string()),
  ttl: v.optional(v.number()),
})
export type TimeRow = v.InferOutput<typeof TimeRow>

/** How long a site keeps a CDR after its call began; for ever if absent. A change applies to rows stored afterwards. */
export interface Retention {
  retentionDays?: number
}

/** Every site has one partition a month for now. More lanes are for a site that writes over 1,000 units a second. */
export const lane = 0

/** A sort key is 1 KB at most. No number is this long; any other text in `dst` is found by its first characters. */
const partyKeyMax = 64

/** `apart`: another CDR has the same natural key, so this one was stored beside it. */
export type PutOutcome = 'stored' | 'duplicate' | 'apart'

/** Writes the call log. A CDR is three rows (time, caller, callee): 3 write units, 2 if a party is empty. */
export class CdrStore extends Store {
  /**
   * Stores a CDR under its natural key. The time row is put first, and only if absent. The other rows are made from the
   * stored time row, so a redelivery after a crash completes them and changes nothing else.
   */
  async put(
    site: SiteId,
    cdr: Cdr,
    raw: string | undefined,
    numbering: Numbering & Retention,
    doubt?: string,
    importId?: string,
  ): Promise<PutOutcome> {
    const filing = fileCdr(cdr)
    const pk = keys.timeRows(site, filing.month, lane)
    const { caller: a, called: b } = partiesOfCdr(cdr, numbering)
    const ttl = expirySeconds(filing, numbering)
    const parties = { a: a || undefined, b: b || undefined }
    const row: TimeRow = { sk: filing.row, cdr, raw, ...parties, doubt, importId, ttl }
    if (await this.table.putIf({ pk, ...row }, ifAbsent)) return this.#complete(site, filing, row, 'stored')
    const known = await this.#stored({ pk, sk: row.sk })
    // An erased row no longer shows whether this is a redelivery or another call, so it is never overwritten.
    if (known.erased || cdrHash(known.cdr) === cdrHash(cdr)) return this.#complete(site, filing, known, 'duplicate')
    const beside = { ...row, sk: `${row.sk}#${cdrHash(cdr)}` }
    if (await this.table.putIf({ pk, ...beside }, ifAbsent)) return this.#complete(site, filing, beside, 'apart')
    return this.#complete(site, filing, await this.#stored({ pk, sk: beside.sk }), 'duplicate')
  }

  async #complete(site: SiteId, filing: Filing, row: TimeRow, outcome: PutOutcome): Promise<PutOutcome> {
    const { sk, cdr, a, b, doubt, importId, ttl } = row
    const content = { cdr, a, b, doubt, importId, ttl }
    const rows = [
      a && { pk: keys.callerRows(site, filing.month), sk: partyKey(a, sk), ...content },
      b && { pk: keys.calleeRows(site, filing.month), sk: partyKey(b, sk), ...content },
      filing.needsAlias && { pk: keys.alias(site, cdr.linkedid), sk, ttl },
    ]
    await Promise.all(rows.map((row) => row && this.table.put(row)))
    return outcome
  }

  async #stored(key: ItemKey): Promise<TimeRow> {
    return v.parse(TimeRow, await this.table.get(TimeRow, key, 'consistent'))
  }
}

/** Returns Unix seconds after which a row may be deleted; undefined if the site keeps its rows for ever. */
export function expirySeconds({ filed }: Pick<Filing, 'filed'>, { retentionDays }: Retention): number | undefined {
  return retentionDays === undefined ? undefined : Date.parse(filed) / 1000 + retentionDays * 86_400
}

export function partyKey(number: string, row: string): string {
  return `${number.slice(0, partyKeyMax)}#${row}`
}
