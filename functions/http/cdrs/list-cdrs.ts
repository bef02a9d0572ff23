import type { Cdr } from '../../../contracts/cdr.ts'
import type { CdrPage } from '../../../contracts/http.ts'
import { pageRowsDefault } from '../../../contracts/limits.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { CdrQuery } from '../../../contracts/operations/cdrs.ts'
import type { SiteKey } from '../../caller.ts'
import { monthsBack } from '../../domain/filing.ts'
import { cdrShape } from '../../domain/personal/shapes.ts'
import { mask } from '../../domain/personal.ts'
import type { TimeRow } from '../../stores/cdrs.ts'
import { badFields } from '../problem.ts'
import { type Position, readCursor, writeCursor } from './cursor.ts'

export interface CallLog {
  month(
    site: SiteId,
    month: string,
    period: { from: string; to: string; before?: string | undefined },
    limit: number,
  ): Promise<{ rows: TimeRow[]; more: boolean }>
}

/** Each month is one query, so a period is bounded to five years: at most 61 queries a page, of an all but empty site. */
const periodDaysMax = 5 * 366
const periodDaysDefault = 31
const dayMs = 86_400_000

/** A page of the site's CDRs whose call started between `from` and `to`, newest first. */
export async function listCdrs(
  caller: SiteKey,
  query: CdrQuery,
  { log, cursorKey, now }: { log: CallLog; cursorKey: string; now: () => number },
): Promise<CdrPage> {
  const { site } = caller
  const limit = query.limit ?? pageRowsDefault
  const position = query.cursor ? readCursor(query.cursor, site, cursorKey) : undefined
  const { from, to } = position ?? period(query, now())
  const cdrs: Cdr[] = []
  const months = monthsBack(from, position ? position.after : to)
  for (const month of months) {
    const before = position?.after.startsWith(month) ? position.after : undefined
    const { rows, more } = await log.month(site, month, { from, to, before }, limit - cdrs.length)
    cdrs.push(...rows.map((row) => mask(caller, 'cdrs', cdrShape, row.cdr)))
    const last = rows.at(-1)
    if (last && cdrs.length >= limit) {
      if (!more && month === months.at(-1)) break
      const next: Position = { site, from, to, after: last.sk }
      return { cdrs, cursor: writeCursor(next, cursorKey) }
    }
  }
  return { cdrs }
}

function period(query: CdrQuery, now: number): { from: string; to: string } {
  const to = query.to ? Date.parse(query.to) : now
  const from = query.from ? Date.parse(query.from) : to - periodDaysDefault * dayMs
  const days = (to - from) / dayMs
  if (Number.isNaN(days)) throw badFields([{ field: 'from', message: 'from and to must be dates that exist' }])
  if (days < 0) throw badFields([{ field: 'from', message: 'from must not be after to' }])
  if (days > periodDaysMax) throw badFields([{ field: 'from', message: `at most ${periodDaysMax} days before to` }])
  return { from: wholeSeconds(from), to: wholeSeconds(to) }
}

/** Rows are filed by whole seconds. */
function wholeSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}
