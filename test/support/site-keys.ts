import * as v from 'valibot'
import { KeyMade } from '../../contracts/key.ts'
import type { Deployment, TestSite } from './deployment.ts'

/** Makes a key of the site by its first key, as an integrator would; fails unless it is made. */
export async function makeSiteKey(
  deployment: Deployment,
  { site: { site, apiKey } }: TestSite,
  body: Record<string, unknown>,
): Promise<KeyMade> {
  const response = await deployment.call('POST', `/v1/sites/${site}/keys`, {
    key: apiKey,
    body: { name: 'test', ...body },
  })
  if (response.status !== 201) throw new Error(`no key: HTTP ${response.status}`)
  return v.parse(KeyMade, await response.json())
}
