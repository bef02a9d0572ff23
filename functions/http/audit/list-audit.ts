import * as v from 'valibot'
import { pageRowsDefault } from '../../../contracts/limits.ts'
import { type SiteId, Timestamp } from '../../../contracts/names.ts'
import type { AuditEntry, AuditPage, AuditQuery } from '../../../contracts/routes/audit.ts'
import { monthsBack } from '../../domain/filing.ts'
import { readCursor, writeCursor } from '../cursor.ts'
import { momentOf } from '../moment.ts'
import { badFields, type FieldError } from '../problem.ts'

export interface AuditReader {
  month(
    site: SiteId,
    month: string,
    period: { from: string; to: string; before?: string | undefined },
    limit: number,
  ): Promise<{ rows: { sk: string; entry: AuditEntry }[]; more: boolean }>
}

const Position = v.object({ from: Timestamp, to: Timestamp, after: v.string() })

/** Bounds the queries of a page: one a month, so at most 14 even for a site without entries. */
const periodDaysMax = 400
const periodDaysDefault = 31
const dayMs = 86_400_000

/** Returns a page of a site's audit entries, newest first; those of the deployment itself if `site` is empty. */
export async function listAudit(
  site: SiteId,
  query: AuditQuery,
  { audit, cursorKey, now }: { audit: AuditReader; cursorKey: string; now: number },
): Promise<AuditPage> {
  const limit = query.limit ?? pageRowsDefault
  const position = query.cursor ? readCursor('audit', site, Position, query.cursor, cursorKey) : undefined
  const { from, to } = position ?? period(query, now)
  const entries: AuditEntry[] = []
  for (const month of monthsBack(from, position ? position.after : to)) {
    const before = position?.after.startsWith(month) ? position.after : undefined
    const { rows, more } = await audit.month(site, month, { from, to, before }, limit - entries.length)
    entries.push(...rows.map(({ entry }) => entry))
    const last = rows.at(-1)
    if (last && entries.length >= limit && (more || month > from.slice(0, 7))) {
      return { entries, cursor: writeCursor('audit', site, { from, to, after: last.sk }, cursorKey) }
    }
  }
  return { entries }
}

function period(query: AuditQuery, now: number): { from: string; to: string } {
  const errors: FieldError[] = []
  const to = query.to === undefined ? now : momentOf('to', query.to, now, errors)
  const from = query.from === undefined ? to - periodDaysDefault * dayMs : momentOf('from', query.from, now, errors)
  const days = (to - from) / dayMs
  if (days < 0) errors.push({ field: 'from', message: '`from` must not be later than `to`.' })
  if (days > periodDaysMax)
    errors.push({ field: 'from', message: `Too early: at most ${periodDaysMax} days before \`to\`.` })
  if (errors.length > 0) throw badFields(errors)
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() }
}
