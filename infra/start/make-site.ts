import * as v from 'valibot'
import { Problem, SiteCreated } from '../../contracts/http.ts'
import { StartFailed } from './start-failed.ts'

const requestMsMax = 30_000

/** A site as a start keeps it: the code is for the bridge's own enrolment, which happens once. */
export const MadeSite = v.looseObject({ site: v.string(), apiKey: v.string(), code: v.string() })
export type MadeSite = v.InferOutput<typeof MadeSite>

/** Makes the site by the public API, as a person who deploys would: with the admin key. */
export async function makeSite(
  site: { site: string; name: string },
  { httpUrl, adminKey }: { httpUrl: string; adminKey: string },
): Promise<MadeSite> {
  const response = await fetch(`${httpUrl}/v1/sites`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(site),
    signal: AbortSignal.timeout(requestMsMax),
  })
  const body: unknown = await response.json()
  if (response.status === 201) {
    const { apiKey, enrolment } = v.parse(SiteCreated, body)
    return { site: site.site, apiKey, code: enrolment.code }
  }
  const problem = v.safeParse(Problem, body)
  const why = problem.success ? problem.output.detail : `HTTP ${response.status}`
  throw new StartFailed('site-not-made', `The site ${site.site} could not be made: ${why}`, 69)
}
