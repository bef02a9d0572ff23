import * as v from 'valibot'
import { momentSeconds } from '../../contracts/cdr.ts'
import { CdrDigest, printOf } from '../../contracts/cdr-digest.ts'
import type { SiteId } from '../../contracts/names.ts'
import { Verification } from '../../contracts/routes/verifications.ts'
import type { StoredPrint } from '../domain/compare-day.ts'
import { monthsBack, wholeSeconds } from '../domain/filing.ts'
import { lane, TimeRow } from './cdrs.ts'
import { timeToLive } from './expressions.ts'
import { Store } from './table.ts'
import { keys } from './table-keys.ts'

/** Parts of a digest are kept for a day. If one part never arrives, the others expire. */
const partSeconds = 86_400
/** A CDR is filed under the start of its call, which is up to this much earlier than its own. */
const filedBeforeMs = 6 * 3_600_000 + 1_000

/** A day of 100,000 CDRs is 60 pages of 1 MB. */
const pagesMax = 1_000
const Stored = v.looseObject({})

/** Stores the days of the call log that are compared with the PBX's own file. */
export class VerifiedDayStore extends Store {
  /** Starts a run for a day. Digests of earlier runs of the day are ignored from then on. */
  async start(site: SiteId, verification: Verification): Promise<void> {
    await this.table.put({ ...keys.dayVerified(site, verification.day), ...verification })
  }

  async find(site: SiteId, day: string): Promise<Verification | undefined> {
    const item = await this.table.get(Stored, keys.dayVerified(site, day), 'consistent')
    if (!item) return undefined
    const { pk: _pk, sk: _sk, ...verification } = item
    return v.parse(Verification, verification)
  }

  /** Returns the days of a period that were verified, by day. The runs in the same partition have ids that sort elsewhere. */
  async list(site: SiteId, from: string, to: string): Promise<Verification[]> {
    const { pk } = keys.dayVerified(site, from)
    const items = await this.table.items(
      Verification,
      { pk, sk: { between: [from, to] }, read: 'consistent' },
      pagesMax,
    )
    return items.map(({ pk: _pk, sk: _sk, ...verification }) => verification)
  }

  /** Returns false if a newer run was started meanwhile. */
  async finish(site: SiteId, done: Verification): Promise<boolean> {
    const item = { ...keys.dayVerified(site, done.day), ...done }
    return this.table.putIf(item, { condition: 'run = :run', values: { run: done.run } })
  }

  async putPart(site: SiteId, digest: CdrDigest, now: number): Promise<void> {
    const part = String(digest.part).padStart(5, '0')
    await this.table.put({ ...keys.dayDigest(site, digest.run, part), ...digest, ttl: timeToLive(now, partSeconds) })
  }

  /** Returns the parts of a run that have arrived, each once. */
  async parts(site: SiteId, run: string): Promise<CdrDigest[]> {
    const { pk, sk } = keys.dayDigest(site, run, '')
    return this.table.items(CdrDigest, { pk, sk: { between: [sk, `${sk}~`] }, read: 'consistent' }, pagesMax)
  }

  /** Returns the CDRs that start from `from` (included) to `to` (excluded), in Unix milliseconds, read consistently. */
  async stored(site: SiteId, from: number, to: number): Promise<StoredPrint[]> {
    const [first, last] = [wholeSeconds(from - filedBeforeMs), wholeSeconds(to)]
    const prints: StoredPrint[] = []
    for (const month of monthsBack(first, last)) {
      const pk = keys.timeRows(site, month, lane)
      const rows = await this.table.items(TimeRow, { pk, sk: { between: [first, last] }, read: 'consistent' }, pagesMax)
      for (const { cdr, erased = false } of rows) {
        const startMs = 1000 * momentSeconds(cdr.start)
        if (startMs >= from && startMs < to) prints.push({ print: printOf(cdr), erased, startMs })
      }
    }
    return prints
  }
}
