import { createPrivateKey } from 'node:crypto'
import { verificationRoutes } from '../../../contracts/routes/verifications.ts'
import { config } from '../../config.ts'
import { CommandQueues } from '../../gateways/command-queues.ts'
import { secrets } from '../../secrets.ts'
import { SiteDirectory } from '../../stores/site-directory.ts'
import { documentClient } from '../../stores/table.ts'
import { VerifiedDayStore } from '../../stores/verified-days.ts'
import { existingSite } from '../existing-site.ts'
import { httpHandler } from '../http-handler.ts'
import { answer } from '../request.ts'
import { findVerification, listVerifications, requestVerification } from './request-verification.ts'

const env = config('TABLE_RECORDS', 'TABLE_ACCESS', 'STAGE')
const directory = new SiteDirectory(documentClient(), env.TABLE_ACCESS)
const days = new VerifiedDayStore(documentClient(), env.TABLE_RECORDS)
const commands = new CommandQueues(env.STAGE)

export const handler = httpHandler(verificationRoutes, 'verifications', {
  'POST /v1/sites/{site}/cdrs/verifications': async ({ site, body, now }) => {
    const signingKey = createPrivateKey((await secrets()).signingKey)
    const row = await existingSite(directory, site)
    return answer(202, await requestVerification(row, body, { days, commands, signingKey, now }))
  },
  'GET /v1/sites/{site}/cdrs/verifications': async ({ site, query, now }) =>
    answer(200, await listVerifications(site, query, { days, now })),
  'GET /v1/sites/{site}/cdrs/verifications/{day}': async ({ site, path, now }) =>
    answer(200, await findVerification(site, path.day, { days, now })),
})
