import { type KeyObject, randomUUID } from 'node:crypto'
import { commandTimes, signCommand, type VerifyDayCommand } from '../../../contracts/commands.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { Verification, VerificationRequest } from '../../../contracts/routes/verifications.ts'
import { nextDay, offsetsOf, startOfDay } from '../../domain/stats/zone.ts'
import type { SiteRow } from '../../stores/site-directory.ts'
import { commandQueueOf } from '../existing-site.ts'
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

/** What the command's queue keeps a message for: a bridge that is away that long is asked again another time. */
const deadlineMs = 60_000

/** Asks the site's bridge what the PBX has of a day; its answer comes by the records' lane, and is compared there. */
export async function requestVerification(
  row: Pick<SiteRow, 'sk' | 'zone' | 'commandQueue'>,
  { day, repair }: VerificationRequest,
  { days, commands, signingKey, now }: VerificationDependencies,
): Promise<Verification> {
  checkDay(day)
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
  { days }: Pick<VerificationDependencies, 'days'>,
): Promise<Verification> {
  checkDay(day)
  const found = await days.find(site, day)
  if (!found) throw new HttpProblemError(404, 'day-not-verified', 'This day was not verified.')
  return found
}

/** JavaScript reads the 30th of February as the 2nd of March; here it is no date. */
function checkDay(day: string): void {
  const ms = Date.parse(`${day}T00:00:00Z`)
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== day) {
    throw badFields([{ field: 'day', message: 'a date that exists' }])
  }
}
