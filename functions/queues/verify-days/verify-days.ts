import type { SiteId } from '../../../contracts/names.ts'
import { dayKey, hourKey, offsetsOf } from '../../domain/stats/zone.ts'
import { requestVerification, type VerificationDependencies } from '../../http/verifications/request-verification.ts'
import { describeError, logOutcome } from '../../log.ts'
import type { SiteRow } from '../../stores/site-directory.ts'

export interface VerifyDaysDependencies extends VerificationDependencies {
  directory: { list(after: SiteId | undefined, limit: number): Promise<SiteRow[]> }
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
    for (const site of page) await verifySite(site, dependencies)
    after = page.length === pageSites ? page.at(-1)?.sk : undefined
  } while (after !== undefined)
}

async function verifySite(site: SiteRow, dependencies: VerifyDaysDependencies): Promise<void> {
  const seconds = dependencies.now / 1000
  const offsetAt = offsetsOf(site.zone)
  if (site.state !== 'live' || !hourKey(seconds, offsetAt).includes(hour)) return
  const day = dayKey(seconds - 86_400, offsetAt)
  try {
    await requestVerification(site, { day, repair: false }, dependencies)
  } catch (error) {
    logOutcome('error', 'verify-failed', { site: site.sk, day, error: describeError(error) })
  }
}
