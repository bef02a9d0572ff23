import * as v from 'valibot'
import { type Cdr, momentSeconds } from '../../../contracts/cdr.ts'
import { cdrHash } from '../../../contracts/cdr-digest.ts'
import { doubtOf } from '../../../contracts/cdr-row/doubt.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { type ImportResult, ImportRow } from '../../../contracts/routes/imports.ts'
import { partiesOfCdr } from '../../domain/calls/leg.ts'
import { matchCdr } from '../../domain/calls/match.ts'
import { fileCdr, hourOf, isFileable, monthsBack, wholeSeconds } from '../../domain/filing.ts'
import type { Numbering } from '../../domain/phone-number.ts'
import type { LogRow, Side, Slice, Span } from '../../stores/call-log.ts'
import { expirySeconds, type PutOutcome, type Retention } from '../../stores/cdrs.ts'

export interface ImportDependencies {
  cdrs: {
    put(
      site: SiteId,
      cdr: Cdr,
      raw: string | undefined,
      numbering: Numbering & Retention,
      doubt: string | undefined,
      importId: string | undefined,
    ): Promise<PutOutcome>
  }
  log: {
    byTime(site: SiteId, month: string, span: Span, limit: number): Promise<Slice>
    byParty(site: SiteId, side: Side, month: string, number: string, span: Span, limit: number): Promise<Slice>
  }
  hours: { mark(site: SiteId, hour: string): Promise<void> }
  numbering: Numbering & Retention
  /** Id of the import of which this is one request. */
  importId?: string | undefined
  now: number
}

interface Parsed extends ImportRow {
  row: number
}

/** Seconds to search around a row: legs are filed under their call's start, up to 6 h before, and a wrong time zone adds 26 h. */
const before = 32 * 3600
const after = 26 * 3600
/** Calls of one caller that a query reads for matching: 1 MB holds 1,700. */
const candidatesMax = 1_500
/** Callers searched, and rows written, at the same time. */
const atOnce = 25

/**
 * Stores the rows that the call log lacks. All rows of a caller are matched with one search of that caller's calls (the
 * callee's if the caller is hidden). New rows are stored under their natural key, and their hours marked for the roll-up.
 */
export async function importCdrs(
  site: SiteId,
  rows: readonly unknown[],
  dependencies: ImportDependencies,
): Promise<ImportResult> {
  const result: ImportResult = { stored: 0, matched: 0, doubtful: [], refused: [] }
  const good: Parsed[] = []
  for (const [row, item] of rows.entries()) {
    const parsed = v.safeParse(ImportRow, item)
    const reason = parsed.success ? refusal(parsed.output.cdr, dependencies) : reasonOf(parsed.issues)
    if (parsed.success && reason === undefined) good.push({ ...parsed.output, row })
    else result.refused.push({ row, reason: reason ?? '' })
  }
  const dirty = new Set<string>()
  const wanted: Cdr[] = []
  const groups = Map.groupBy(good, (one) => JSON.stringify(partyOf(one.cdr, dependencies.numbering)))
  await each([...groups.values()], async (group) => {
    // Two legs of one call never make each other doubtful, in one request of this import or in two.
    const isEarlier = ({ importId }: LogRow) => importId === undefined || importId !== dependencies.importId
    const earlier = (await candidates(site, group, dependencies)).filter(isEarlier).map(({ cdr }) => cdr)
    const known = Map.groupBy(earlier, ({ uniqueid }) => uniqueid)
    for (const { cdr, keyed, row } of group) {
      const same = known.get(cdr.uniqueid) ?? []
      const match = matchCdr(cdr, keyed, same)
      if (typeof match === 'object') result.doubtful.push({ row, reason: match.doubt })
      // Storing a row again completes an earlier import that crashed between the two writes of the row.
      else if (match === 'same' && !same.some((one) => cdrHash(one) === cdrHash(cdr))) result.matched += 1
      else wanted.push(cdr)
    }
  })
  await each(wanted, async (cdr) => {
    const doubt = doubtOf(cdr, dependencies.now / 1000)
    const outcome = await dependencies.cdrs.put(
      site,
      cdr,
      undefined,
      dependencies.numbering,
      doubt,
      dependencies.importId,
    )
    result[outcome === 'duplicate' ? 'matched' : 'stored'] += 1
    if (doubt === undefined) dirty.add(hourOf(fileCdr(cdr).filed))
  })
  await each([...dirty], (hour) => dependencies.hours.mark(site, hour))
  result.doubtful.sort((a, b) => a.row - b.row)
  return result
}

/** Returns why a row is refused. A row that the retention would delete at once is refused, not stored and lost. */
function refusal(cdr: Cdr, { numbering, now }: ImportDependencies): string | undefined {
  if (!isFileable(cdr)) return 'start'
  const last = expirySeconds(fileCdr(cdr), numbering)
  return last !== undefined && last * 1000 <= now
    ? `older than the ${numbering.retentionDays} days that the site keeps`
    : undefined
}

function partyOf(cdr: Cdr, numbering: Numbering): { side: Side; number: string } | undefined {
  const { caller, called } = partiesOfCdr(cdr, numbering)
  if (caller) return { side: 'caller', number: caller }
  return called ? { side: 'called', number: called } : undefined
}

async function candidates(
  site: SiteId,
  group: readonly Parsed[],
  { log, numbering }: ImportDependencies,
): Promise<LogRow[]> {
  const [first] = group
  if (!first) return []
  const starts = group.map(({ cdr }) => momentSeconds(cdr.start))
  const from = wholeSeconds((Math.min(...starts) - before) * 1000)
  const to = wholeSeconds((Math.max(...starts) + after) * 1000)
  const party = partyOf(first.cdr, numbering)
  const found: LogRow[] = []
  for (const month of monthsNear(starts)) {
    let seen: string | undefined
    // Ends when the month has no more rows of this caller.
    for (;;) {
      const span = { from, to, newestFirst: false, after: seen }
      const slice = party
        ? await log.byParty(site, party.side, month, party.number, span, candidatesMax)
        : await log.byTime(site, month, span, candidatesMax)
      found.push(...slice.rows)
      seen = slice.rows.at(-1)?.row
      if (!slice.more || seen === undefined) break
    }
  }
  return found
}

/** Returns the months around each row, so at most three a row: a file may have rows of this year and of 1970. */
function monthsNear(starts: readonly number[]): Set<string> {
  const time = (seconds: number) => wholeSeconds(seconds * 1000)
  return new Set(starts.flatMap((start) => monthsBack(time(start - before), time(start + after))))
}

function reasonOf(issues: readonly v.BaseIssue<unknown>[]): string {
  return [...new Set(issues.map((issue) => v.getDotPath(issue) ?? 'the whole row'))].join(', ')
}

async function each<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const left = items.values()
  const worker = async () => {
    for (const item of left) await act(item)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}
