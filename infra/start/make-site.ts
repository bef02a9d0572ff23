import * as v from 'valibot'
import { CodeMade } from '../../contracts/bridge-access.ts'
import { Problem, SiteCreated } from '../../contracts/http.ts'
import { KeyMade } from '../../contracts/key.ts'
import { StartError } from './start-error.ts'

const requestMsMax = 30_000

/** A site as a start keeps it: the key is the page's. */
export const MadeSite = v.looseObject({
  site: v.string(),
  pageKey: v.string(),
  /** The voice menus' own, which may look up a mark and no more; a site made by an earlier version has none. */
  menuKey: v.optional(v.string()),
})
export type MadeSite = v.InferOutput<typeof MadeSite>
/** As it is made; `apiKey` is its first key, with every scope. */
export type NewSite = MadeSite & { apiKey: string }

interface Door {
  httpUrl: string
  adminKey: string
}

/**
 * Makes the site by the public API, as a person who deploys would: with the admin key. Its first key, which may do
 * everything, is shown to the person and kept nowhere; the page has an operator's key of its own. A site that is there already is
 * that of a start which died before it remembered it: it gets a key anew.
 */
export async function makeSite({ site, name }: { site: string; name: string }, door: Door): Promise<NewSite> {
  const keysPath = `/v1/sites/${site}/keys`
  const created = await post(door, '/v1/sites', { site, name })
  const isThere = created.status === 409
  const first = isThere ? await post(door, keysPath, { name: 'first key', role: 'admin' }) : created
  const apiKey = isThere
    ? answerOf(KeyMade, first, `The site ${site} could not be taken over`).secret
    : answerOf(SiteCreated, first, `The site ${site} could not be made`).apiKey
  const page = await post({ ...door, adminKey: apiKey }, keysPath, { name: 'page', role: 'operator' })
  const scopes = ['grades:lookup']
  const menu = await post({ ...door, adminKey: apiKey }, keysPath, { name: 'voice menus', scopes })
  const pageKey = answerOf(KeyMade, page, 'The page got no key').secret
  return { site, apiKey, pageKey, menuKey: answerOf(KeyMade, menu, 'The voice menus got no key').secret }
}

/** A code that enrols a bridge of the site, once, within the hour. */
export async function newCode(site: string, door: Door): Promise<string> {
  const made = await post(door, `/v1/sites/${site}/bridges`, undefined)
  return answerOf(CodeMade, made, 'The bridge got no code').code
}

async function post(
  { httpUrl, adminKey }: Door,
  path: string,
  body: unknown,
): Promise<{ status: number; answer: unknown }> {
  const response = await fetch(httpUrl + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(requestMsMax),
  })
  return { status: response.status, answer: await response.json() }
}

function answerOf<Schema extends v.GenericSchema>(
  schema: Schema,
  { status, answer }: { status: number; answer: unknown },
  failed: string,
): v.InferOutput<Schema> {
  if (status === 201) return v.parse(schema, answer)
  const problem = v.safeParse(Problem, answer)
  throw new StartError('site-not-made', `${failed}: ${problem.success ? problem.output.detail : `HTTP ${status}`}`, 69)
}
