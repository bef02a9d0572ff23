import { type KeyObject, randomUUID } from 'node:crypto'
import { commandTimes, signCommand, type VerifyDayCommand } from '../../../contracts/commands.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { Verification, VerificationRequest } from '../../../contracts/routes/verifications.ts'
import { nextDay, offsetsOf, startOfDay } from '../../domain/stats/zone.ts'
import type { SiteRow } from '../../stores/site-directory.ts'
import { commandQueueOf } from '../existing-site.ts'
import { checkDay } from '../moment.ts'
import { badFields, HttpProblemError } from '../problem.ts'

export interface VerificationDependencies {
  days: {
    start(site: SiteId, verification: Verification): Promise<void>
    find(site: SiteId, day: string): Promise<Verification | undefined>
  }
  commands: { send(url: string, body: string): Promise<void> }
  signingKey: KeyObject
  now: number
}

/** Lifetime of the command: if the bridge is offline for longer, the verification must be requested again. */
const deadlineMs = 60_000

/** Asks the site's bridge for the CDRs that the PBX has of a day. The answer arrives on the records lane, where it is compared. */
export async function requestVerification(
  row: Pick<SiteRow, 'sk' | 'zone' | 'commandQueue'>,
  { day, repair }: VerificationRequest,
  { days, commands, signingKey, now }: VerificationDependencies,
): Promise<Verification> {
  checkDay('day', day, now)
  const { sk: site, zone } = row
  const { url } = commandQueueOf(row)
  const offsetAt = offsetsOf(zone)
  const iso = (ms: number) => new Date(ms).toISOString()
  const asked: Verification = { day, run: randomUUID(), state: 'asked', askedAt: iso(now), repair }
  const command: VerifyDayCommand = {
    command: 'verify-day',
    run: asked.run,
    day,
    from: iso(1000 * startOfDay(day, offsetAt)),
    to: iso(1000 * startOfDay(nextDay(day), offsetAt)),
    resend: repair,
    ...commandTimes(now, now + deadlineMs),
  }
  await days.start(site, asked)
  await commands.send(url, signCommand(site, command, signingKey))
  return asked
}

export async function findVerification(
  site: SiteId,
  day: string,
  { days, now }: Pick<VerificationDependencies, 'days' | 'now'>,
): Promise<Verification> {
  checkDay('day', day, now)
  const found = await days.find(site, day)
  if (!found)
    throw new HttpProblemError(
      404,
      'day-not-verified',
      'This day was not verified. Verify it with POST /v1/sites/{site}/cdrs/verifications.',
    )
  return found
}

/** Longest period of a list, in days. */
const daysMax = 100

export interface VerifiedDays {
  list(site: SiteId, from: string, to: string): Promise<Verification[]>
}

export async function listVerifications(
  site: SiteId,
  { from, to }: { from: string; to: string },
  { days, now }: { days: VerifiedDays; now: number },
): Promise<{ verifications: Verification[] }> {
  checkDay('from', from, now)
  checkDay('to', to, now)
  if (from > to) throw badFields([{ field: 'from', message: '`from` must not be later than `to`.' }])
  const asked = (Date.parse(to) - Date.parse(from)) / 86_400_000 + 1
  if (asked > daysMax) throw badFields([{ field: 'to', message: `Too late: at most ${daysMax} days from \`from\`.` }])
  return { verifications: await days.list(site, from, to) }
}
