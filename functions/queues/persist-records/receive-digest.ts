import { type CdrDigest, checksumOf } from '../../../contracts/cdr-digest.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { Verification } from '../../../contracts/routes/verifications.ts'
import { compareDay, type StoredPrint } from '../../domain/compare-day.ts'
import { logMetrics, logOutcome } from '../../log.ts'
import type { WebhookEvents } from '../webhook-events.ts'

export interface VerificationStore {
  find(site: SiteId, day: string): Promise<Verification | undefined>
  putPart(site: SiteId, digest: CdrDigest, now: number): Promise<void>
  parts(site: SiteId, run: string): Promise<CdrDigest[]>
  stored(site: SiteId, from: number, to: number): Promise<StoredPrint[]>
  /** Returns false if a newer run was started meanwhile. */
  finish(site: SiteId, done: Verification): Promise<boolean>
}

/** The longest day has 25 hours; more would read more of the call log than a day. */
const dayMsMax = 26 * 3_600_000

/**
 * Stores one part of the digest of a day's CDRs on the PBX. The last part to arrive, whichever it is, starts the comparison
 * with the call log. If that part is delivered twice, the day is compared and published twice: a crash in between loses no event.
 */
export async function receiveDigest(
  site: SiteId,
  digest: CdrDigest,
  { days, webhooks, now }: { days: VerificationStore; webhooks?: WebhookEvents; now: () => number },
): Promise<void> {
  const asked = await days.find(site, digest.day)
  // The run is unknown, or a newer run has replaced it.
  if (asked?.run !== digest.run) return
  await days.putPart(site, digest, now())
  const parts = await days.parts(site, digest.run)
  if (parts.length < digest.parts) return
  const prints = parts.flatMap((part) => part.prints)
  const [from, to] = [Date.parse(digest.from), Date.parse(digest.to)]
  if (!(to > from && to - from <= dayMsMax)) {
    logOutcome('error', 'digest-invalid', { site, day: digest.day, from: digest.from, to: digest.to })
    return
  }
  if (prints.length !== digest.count || checksumOf(prints) !== digest.checksum) {
    logOutcome('error', 'digest-invalid', { site, day: digest.day, received: prints.length, count: digest.count })
    return
  }
  const stored = await days.stored(site, from, to)
  const compared = compareDay(prints, stored, digest.since)
  const { run, day, askedAt, repair } = asked
  const doneAt = new Date(now()).toISOString()
  const since = digest.since === undefined ? {} : { pbxSince: digest.since }
  const done: Verification = { run, day, askedAt, repair, state: 'done', doneAt, ...compared, ...since }
  if (!(await days.finish(site, done))) return
  const [missing, extra] = [compared.missing.count, compared.extra.count]
  const { isEqual, pbx, cloud } = compared
  const counts = { day, isEqual, pbx: pbx.count, cloud: cloud.count, missing, extra }
  await webhooks?.publish({ site, verified: { run, doneAt, ...counts } })
  logOutcome(compared.isEqual ? 'info' : 'warn', 'day-verified', { site, day, missing, extra })
  logMetrics(site, { CdrsMissing: missing, CdrsExtra: extra })
}
