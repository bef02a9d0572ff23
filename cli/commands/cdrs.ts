import { setTimeout as sleep } from 'node:timers/promises'
import { InvalidArgumentError } from '@commander-js/extra-typings'
import { createApi } from '../../client/http-client.ts'
import { SwitchhookError } from '../../contracts/errors.ts'
import { type Verification, verificationRoutes } from '../../contracts/routes/verifications.ts'
import { type SiteAccess, siteAccess } from '../connection.ts'
import type { SetStatus } from '../exit-status.ts'
import { type AnyCommand, examples, siteCommand } from '../options.ts'
import { print } from '../output.ts'
import { withRetries } from '../retries.ts'
import { addExportCommand } from './export.ts'

/** A bridge that runs answers within seconds. */
const answerMsMax = 60_000
const pollMs = 500
/** How many times to verify after a repair: its CDRs may still be on their way. The waits add up to 15.5 s. */
const verificationsAfterRepair = 5

/** The bridge did not answer in time, or another request for the same day came in between. */
export class VerificationError extends SwitchhookError {
  readonly errorId = 'verification-unfinished'
  override shouldRetry(): boolean {
    return true
  }
}

export function addCdrsCommand(program: AnyCommand, setStatus: SetStatus): void {
  const verifyExamples = ['cdrs verify --day 2026-11-24', 'cdrs verify --day 2026-11-24 --repair --json']
  const cdrs = program
    .command('cdrs')
    .description('check and export the call detail records (CDRs) of a site')
    .addHelpText('after', examples(...verifyExamples))
  addExportCommand(cdrs)
  siteCommand(cdrs, 'verify', "compare a day of the call log with the PBX's own file", ...verifyExamples)
    .requiredOption('--day <date>', 'day in the time zone of the site, for example 2026-11-24', date)
    .option('--repair', 'if records are missing, let the bridge send the day again, then compare once more')
    .addHelpText('after', '\nExits with 0 if both sides are equal, with 3 if they differ.')
    .action(async (options) => {
      const { day, repair, json } = options
      const access = siteAccess(options)
      let found = await verify(access, day, false)
      if (repair && found.missing && found.missing.count > 0) {
        found = await verify(access, day, true)
        for (let n = 0; n < verificationsAfterRepair && found.missing?.count; n += 1) {
          await sleep(pollMs * 2 ** n)
          found = await verify(access, day, false)
        }
      }
      print(found, { json })
      if (!found.isEqual) setStatus(3)
    })
}

function date(text: string): string {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) throw new InvalidArgumentError('Expected a date, for example 2026-11-24')
  return text
}

async function verify(access: SiteAccess, day: string, repair: boolean): Promise<Verification> {
  const api = createApi(access, verificationRoutes)
  const request = { body: { day, repair } }
  const { body: asked } = await withRetries(() => api('POST /v1/sites/{site}/cdrs/verifications', request))
  for (let waitedMs = 0; waitedMs < answerMsMax; waitedMs += pollMs) {
    const { body: found } = await withRetries(() =>
      api('GET /v1/sites/{site}/cdrs/verifications/{day}', { path: { day } }),
    )
    if (found.run !== asked.run)
      throw new VerificationError('Someone else started a verification of this day. Try again.')
    if (found.state === 'done') return found
    await sleep(pollMs)
  }
  throw new VerificationError(`The bridge did not answer within ${answerMsMax / 1000} s. Check that it runs.`)
}
