import type { SiteId } from '../../../contracts/names.ts'
import { dayKey, hourKey, offsetsOf } from '../../domain/stats/zone.ts'
import { requestVerification, type VerificationDependencies } from '../../http/verifications/request-verification.ts'
import { describeError, logOutcome } from '../../log.ts'
import type { SiteRow } from '../../stores/site-directory.ts'

export interface VerifyDaysDependencies extends VerificationDependencies {
  directory: { list(after: SiteId | undefined, limit: number): Promise<SiteRow[]> }
}

/** The hour from four of a site's day: late enough for what was held up over midnight, and it comes once even when clocks change. */
const hour = 'T04'
const pageSites = 100

/** Asks each site whose clock says so what its PBX has of the day before. A bridge that is away is asked again tomorrow. */
export async function verifyDays(verifying: VerifyDaysDependencies): Promise<void> {
  let after: SiteId | undefined
  // A hundred sites a page, each page after the last site of the one before.
  do {
    const page = await verifying.directory.list(after, pageSites)
    for (const site of page) await verifySite(site, verifying)
    after = page.length === pageSites ? page.at(-1)?.sk : undefined
  } while (after !== undefined)
}

async function verifySite(site: SiteRow, verifying: VerifyDaysDependencies): Promise<void> {
  const seconds = verifying.now / 1000
  const offsetAt = offsetsOf(site.zone)
  if (site.state !== 'live' || !hourKey(seconds, offsetAt).includes(hour)) return
  const day = dayKey(seconds - 86_400, offsetAt)
  try {
    await requestVerification(site, { day, repair: false }, verifying)
  } catch (error) {
    logOutcome('error', 'verify-failed', { site: site.sk, day, error: describeError(error) })
  }
}
