import * as v from 'valibot'
import { Problem, SiteCreated } from '../../contracts/http.ts'
import { KeyMade } from '../../contracts/key.ts'
import { StartFailed } from './start-failed.ts'

const requestMsMax = 30_000

/** A site as a start keeps it: the code is for the bridge's own enrolment, which happens once; the key is the page's. */
export const MadeSite = v.looseObject({ site: v.string(), pageKey: v.string(), code: v.string() })
export type MadeSite = v.InferOutput<typeof MadeSite>
/** As it is made; `apiKey` is its first key, with every scope. */
export type NewSite = MadeSite & { apiKey: string }

/**
 * Makes the site by the public API, as a person who deploys would: with the admin key. Its first key, which may do
 * everything, is shown to the person and kept nowhere; the page has an operator's key of its own.
 */
export async function makeSite(
  { site, name }: { site: string; name: string },
  { httpUrl, adminKey }: { httpUrl: string; adminKey: string },
): Promise<NewSite> {
  const post = async (path: string, key: string, body: unknown): Promise<unknown> => {
    const response = await fetch(httpUrl + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(requestMsMax),
    })
    const answer: unknown = await response.json()
    if (response.status === 201) return answer
    const problem = v.safeParse(Problem, answer)
    const why = problem.success ? problem.output.detail : `HTTP ${response.status}`
    throw new StartFailed('site-not-made', `The site ${site} could not be made: ${why}`, 69)
  }
  const { apiKey, enrolment } = v.parse(SiteCreated, await post('/v1/sites', adminKey, { site, name }))
  const page = v.parse(KeyMade, await post(`/v1/sites/${site}/keys`, apiKey, { name: 'page', role: 'operator' }))
  return { site, apiKey, pageKey: page.secret, code: enrolment.code }
}
