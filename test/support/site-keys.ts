import type { KeyMade, KeyRequest } from '../../contracts/key.ts'
import type { SharedDeployment, TestSite } from './deployment.ts'

/** Creates a key of the site with the site's first key. */
export async function makeSiteKey(
  deployment: Pick<SharedDeployment, 'api'>,
  { site: { site, apiKey } }: TestSite,
  body: Partial<KeyRequest>,
): Promise<KeyMade> {
  const request = { path: { site }, body: { name: 'test', ...body } }
  return (await deployment.api(apiKey)('POST /v1/sites/{site}/keys', request)).body
}
