import { siteRoutes } from '../../../contracts/routes/sites.ts'
import { config } from '../../config.ts'
import { ExportFiles } from '../../gateways/export-files.ts'
import { KeyStore } from '../../stores/keys.ts'
import { RemovalStore } from '../../stores/removals.ts'
import { SiteDirectory } from '../../stores/site-directory.ts'
import { documentClient } from '../../stores/table.ts'
import { existingSite } from '../existing-site.ts'
import { httpHandler } from '../http-handler.ts'
import { answer } from '../request.ts'
import { findReceipt, requestDeletion, requestErasure } from './request-removal.ts'

const env = config('TABLE_ACCESS', 'BUCKET_EXPORTS')
const directory = new SiteDirectory(documentClient(), env.TABLE_ACCESS)
const keys = new KeyStore(documentClient(), env.TABLE_ACCESS)
const files = new ExportFiles(env.BUCKET_EXPORTS)
const removals = new RemovalStore(documentClient(), env.TABLE_ACCESS)

export const handler = httpHandler(siteRoutes, 'removals', {
  'DELETE /v1/sites/{site}': async ({ site, now }) =>
    answer(202, await requestDeletion(site, { directory, keys, removals, now })),
  'POST /v1/sites/{site}/erasures': async ({ site, body, now }) => {
    await existingSite(directory, site)
    const receipt = await requestErasure(site, body, { removals, now })
    return answer(202, receipt, { audit: { on: `erasures/${receipt.id}` } })
  },
  'GET /v1/sites/{site}/receipts/{receipt}': async ({ site, path }) =>
    answer(200, await findReceipt(site, path.receipt, { removals, files })),
})
