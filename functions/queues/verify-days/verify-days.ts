import type { SiteId } from '../../../contracts/names.ts'
import { dayKey, hourKey, offsetsOf, previousDay } from '../../domain/stats/zone.ts'
import { requestVerification, type VerificationDependencies } from '../../http/verifications/request-verification.ts'
import { describeError, logOutcome } from '../../log.ts'
import type { SiteRow } from '../../stores/site-directory.ts'

export interface VerifyDaysDependencies extends VerificationDependencies {
  directory: { list(after: SiteId | undefined, limit: number): Promise<{ rows: SiteRow[]; next: SiteId | undefined }> }
}

/** The hour from 4 o'clock in the site's zone: late enough for records that were delayed over midnight, and no clock change skips or repeats it. */
const hour = 'T04'
const pageSites = 100

/** Starts the verification of the day before for each site where it is 4 o'clock. If a bridge is offline, that day stays unverified. */
export async function verifyDays(dependencies: VerifyDaysDependencies): Promise<void> {
  let after: SiteId | undefined
  // Each page starts after the last site of the page before, so the loop ends with the list.
  do {
    const page = await dependencies.directory.list(after, pageSites)
    for (const site of page.rows) await verifySite(site, dependencies)
    after = page.next
  } while (after !== undefined)
}

async function verifySite(site: SiteRow, dependencies: VerifyDaysDependencies): Promise<void> {
  const seconds = dependencies.now / 1000
  // A site that fails, also by a zone that this Node does not know, stops no other site.
  try {
    const offsetAt = offsetsOf(site.zone)
    if (site.state !== 'live' || !hourKey(seconds, offsetAt).includes(hour)) return
    const day = previousDay(dayKey(seconds, offsetAt))
    await requestVerification(site, { day, repair: false }, dependencies)
  } catch (error) {
    logOutcome('error', 'verify-failed', { site: site.sk, error: describeError(error) })
  }
}
