import type { CallResult } from '../../contracts/call-result.ts'
import type { SiteId } from '../../contracts/names.ts'
import { callOf } from '../domain/calls/call.ts'
import { type PlacedFacts, settledResult } from '../domain/calls/placed.ts'
import type { Numbering } from '../domain/phone-number.ts'
import type { LogRow } from '../stores/call-log.ts'
import type { OutcomeMessage } from './watch/publish-outcome.ts'

export interface SettleDependencies {
  placed: {
    find(site: SiteId, call: string): Promise<PlacedFacts | undefined>
    /** Returns false if the row no longer has the result `seen`. */
    correct(site: SiteId, call: string, result: CallResult, seen: CallResult | undefined): Promise<boolean>
  }
  log: { legs(site: SiteId, linkedid: string): Promise<LogRow[]> }
  numberingOf(site: SiteId): Promise<Numbering>
  publish(outcome: OutcomeMessage): Promise<void>
}

/** The CDRs of one call are stored by concurrent workers, of which each may correct the result once. */
const triesMax = 5

/**
 * Writes the one result of an ended call by API to its row and publishes it, if its CDRs say something else than the row: the
 * bridge did not report the end, or did not see that a menu or voicemail answered. Publishes a correction again at each
 * delivery of a CDR, since the process may have died in between. Returns true if it published.
 */
export async function settlePlacedCall(
  site: SiteId,
  call: string,
  { placed, log, numberingOf, publish }: SettleDependencies,
): Promise<boolean> {
  for (let tries = 0; tries < triesMax; tries += 1) {
    const row = await placed.find(site, call)
    if (row?.stage !== 'ended') return false
    const cdrs = (await log.legs(site, call)).map(({ cdr }) => cdr)
    const byRecords = callOf(cdrs, await numberingOf(site))?.result
    if (byRecords === undefined) return false
    const result = settledResult(byRecords, row)
    const isCorrected = result === row.result
    if (isCorrected && row.corrections === undefined) return false
    if (!isCorrected && !(await placed.correct(site, call, result, row.result))) continue
    await publish({ tell: { site, call } })
    return true
  }
  return false
}
